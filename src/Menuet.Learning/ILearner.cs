namespace Menuet.Learning;

/// <summary>A training that goes on for as long as it is asked to, and can be stopped and continued with the same bits.</summary>
public interface ILearner
{
    /// <summary>The policy as it is now, without exploration.</summary>
    IPolicy Policy { get; }

    /// <summary>The parameters that the policy acts by, flat and with the gaps of <see cref="Autodiff.Parameters"/>.</summary>
    ReadOnlySpan<float> PolicyWeights { get; }

    /// <summary>Plays and learns for one round of the algorithm. Allocates nothing after the first.</summary>
    /// <exception cref="DivergenceException">A reward, a loss or a gradient is not finite.</exception>
    Progress Iterate();

    /// <summary>Writes everything that the future depends on: weights, optimisers, replay, environment and random streams.</summary>
    void Write(BinaryWriter writer);

    /// <summary>Reads what <see cref="Write"/> of a learner with the same options wrote; training goes on with the same bits.</summary>
    /// <exception cref="InvalidDataException">It was written by another algorithm, for another architecture or environment.</exception>
    void Read(BinaryReader reader);
}

/// <summary>What one round of training showed; NaN for what an algorithm does not have.</summary>
/// <param name="Steps">Environment steps so far, summed over rows.</param>
/// <param name="Updates">Steps of the optimiser so far.</param>
/// <param name="MeanReward">Mean reward of a row and step in this round, in the environment's unit.</param>
/// <param name="MeanReturn">Mean undiscounted return of the episodes that ended in this round; NaN when none did.</param>
/// <param name="ActorLoss">Mean over the round.</param>
/// <param name="CriticLoss">Mean over the round.</param>
/// <param name="Entropy">Mean entropy of the policy.</param>
/// <param name="Divergence">Estimated Kullback-Leibler divergence of the new policy from the one that played.</param>
/// <param name="ClippedShare">Share of samples whose ratio was clipped.</param>
/// <param name="GradientNorm">Mean norm of the actor's gradient before clipping.</param>
/// <param name="Temperature">Weight of the entropy.</param>
/// <param name="SaturatedShare">Share of action entries within 1 % of their bounds; a policy near 1 is stuck.</param>
public readonly record struct Progress(
    long Steps, long Updates, float MeanReward, float MeanReturn, float ActorLoss, float CriticLoss, float Entropy, float Divergence, float ClippedShare,
    float GradientNorm, float Temperature, float SaturatedShare);

/// <summary>Files to continue from.</summary>
public static class Checkpoint
{
    /// <summary>Saves a learner; the file is complete or it is the old one, also when the process is killed.</summary>
    public static void Save(string path, ILearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        Save(path, learner.Write);
    }

    /// <summary>Continues from a file.</summary>
    /// <exception cref="InvalidDataException">The file is cut short, or of another algorithm, architecture or environment.</exception>
    public static void Load(string path, ILearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        Load(path, learner.Read);
    }

    /// <summary>Writes a file that is complete or the old one, also when the process is killed.</summary>
    internal static void Save(string path, Action<BinaryWriter> write)
    {
        var temporary = path + ".new";
        using (var stream = File.Create(temporary))
        {
            using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true))
                write(writer);
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    internal static void Load(string path, Action<BinaryReader> read)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        try
        {
            read(reader);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{path} is cut short", e);
        }
    }
}
