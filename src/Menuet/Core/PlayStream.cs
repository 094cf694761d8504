namespace Menuet;

/// <summary>Streams of random numbers of the two games' environments, one for each purpose, environment and episode.</summary>
internal static class PlayStream
{
    /// <summary>Everything that is drawn in the game, where one stream is enough.</summary>
    internal const ulong Play = 1;

    /// <summary>How things move.</summary>
    internal const ulong Movement = 2;

    /// <summary>Baselines, which must not disturb the game.</summary>
    internal const ulong Baseline = 3;

    /// <summary>The stream's number; 2⁶² or more, so that none is a learner's, which count from 0 under the same seed.</summary>
    internal static ulong Of(ulong purpose, int environment, uint episode) => purpose << 62 | (ulong)(uint)environment << 32 | episode;
}
