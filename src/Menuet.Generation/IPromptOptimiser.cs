using System.Collections.Immutable;

namespace Menuet.Generation;

/// <summary>Prompt optimisation by level, the l of quality contracts.</summary>
/// <remarks>Source: Ye et al., Sec. III.A, step 4, which names the level and leaves the procedure open.</remarks>
public interface IPromptOptimiser : IDisposable
{
    /// <summary>What it is: <c>embedded</c> or <c>language-model</c>.</summary>
    string Name { get; }

    /// <summary>What a level means here, in a sentence.</summary>
    string Meaning { get; }

    /// <summary>The largest level.</summary>
    int MostLevel { get; }

    /// <summary>The level at which a prompt stays as its author wrote it.</summary>
    int UnchangedLevel { get; }

    /// <summary>The prompt of every level from 0 to the given one; length level + 1, the last is to be used.</summary>
    /// <param name="prompt">As its author wrote it.</param>
    /// <param name="level">l, from 0 to <see cref="MostLevel"/>.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="InvalidRequestException">A server refused, or answered without a prompt.</exception>
    Task<ImmutableArray<string>> OptimiseAsync(string prompt, int level, CancellationToken cancellation);
}
