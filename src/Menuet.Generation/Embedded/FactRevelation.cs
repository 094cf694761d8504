using System.Collections.Immutable;

namespace Menuet.Generation.Embedded;

/// <summary>Prompt optimisation <c>embedded</c>: level l reveals l facts of what the prompt asks for. It stands in for longer prompts that say more; it is no language model.</summary>
public sealed class FactRevelation : IPromptOptimiser
{
    /// <inheritdoc/>
    public string Name => DigitGenerator.Backend;

    /// <inheritdoc/>
    public string Meaning => "level l reveals l facts of the intent, in the order class, slant, thickness, width";

    /// <inheritdoc/>
    public int MostLevel => 4;

    /// <inheritdoc/>
    public int UnchangedLevel => MostLevel;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<string>> OptimiseAsync(string prompt, int level, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MostLevel);
        var read = DigitPrompt.Read(prompt);
        // Words without a meaning stay, so that the generator reports them.
        var rest = read.Unknown.IsEmpty ? "" : ", " + string.Join(' ', read.Unknown);
        return Task.FromResult(Enumerable.Range(0, level + 1).Select(shown => shown == UnchangedLevel ? prompt : read.Digit.Reveal(shown).ToPrompt() + rest).ToImmutableArray());
    }
}
