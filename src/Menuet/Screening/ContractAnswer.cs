using Menuet.Documents;

namespace Menuet.Screening;

/// <summary>What a policy's answer to a given market says about how well the two fit.</summary>
internal static class ContractAnswer
{
    /// <summary>Notes a number that lies outside the range of training.</summary>
    internal static void Check(List<string> outside, string name, double value, UniformRange range)
    {
        if (!range.Contains(value))
        {
            outside.Add($"{name} {DocumentText.Number(value)} (trained on {DocumentText.Number(range.Min)} to {DocumentText.Number(range.Max)})");
        }
    }

    /// <summary>The solution's note.</summary>
    internal static string Note(List<string> outside) => outside.Count == 0 ? "" : "outside the range of training: " + string.Join(", ", outside);

    /// <summary>A market with another number of types.</summary>
    internal static Problem WrongTypes(int given, int trained) => Problem.With(
        "$.types", given, FormattableString.Invariant($"must be {trained} types: the policy was trained for that many; the number given is the value"));

    /// <summary>A number that is fixed in the scenario and must be the same in the market.</summary>
    internal static void Require(List<Problem> problems, string path, double given, double trained)
    {
        if (given != trained)
        {
            problems.Add(Problem.With(path, given, $"must be {DocumentText.Number(trained)}, as the policy was trained"));
        }
    }
}
