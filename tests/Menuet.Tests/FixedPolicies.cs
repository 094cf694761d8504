namespace Menuet.Tests;

/// <summary>Decides the same whatever it sees.</summary>
internal sealed class ConstantPolicy(int observationSize, int actionSize, float action) : IPolicy
{
    public int ObservationSize => observationSize;

    public int ActionSize => actionSize;

    public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows) => actions[..(rows * actionSize)].Fill(action);
}

/// <summary>Decides a mean of what it sees, another for each number.</summary>
internal sealed class LinearPolicy(int observationSize, int actionSize) : IPolicy
{
    public int ObservationSize => observationSize;

    public int ActionSize => actionSize;

    public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows)
    {
        for (var i = 0; i < rows * actionSize; i++)
        {
            var row = observations.Slice(i / actionSize * observationSize, observationSize);
            actions[i] = 0;
            for (var f = 0; f < row.Length; f++)
            {
                actions[i] += row[f] * MathF.Cos(f + (i % actionSize)) / row.Length;
            }
        }
    }
}

/// <summary>Looks its actions up: one that was prepared for each observation.</summary>
internal sealed class PreparedPolicy(int observationSize, int actionSize, Dictionary<string, float[]> prepared) : IPolicy
{
    public int ObservationSize => observationSize;

    public int ActionSize => actionSize;

    public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            prepared[Key(observations.Slice(row * observationSize, observationSize))].CopyTo(actions[(row * actionSize)..]);
        }
    }

    internal static string Key(ReadOnlySpan<float> observation) => string.Join(' ', observation.ToArray());
}
