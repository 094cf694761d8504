using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;

namespace Menuet.Learning.Algorithms;

/// <summary>Hyper-parameters of an algorithm, as data: swapping this one value swaps the algorithm.</summary>
public abstract record AlgorithmOptions
{
    /// <summary>Of every draw: weights, exploration, order of minibatches, environment.</summary>
    public ulong Seed { get; init; }

    /// <summary>The actor; one line swaps MLP, mixture, transformer, diffusion or tiny network.</summary>
    public abstract Architecture Actor { get; init; }

    /// <summary>The critic, or each of several.</summary>
    public abstract Architecture Critic { get; init; }

    /// <summary>A new training.</summary>
    /// <exception cref="ArgumentException">Options that do not fit one another or the environment.</exception>
    public abstract ILearner Start(IEnvironment environment);

    /// <summary>The policy alone, as a learner builds it: its parameters are the first of the block, in the same order.</summary>
    internal abstract IPolicy BuildPolicy(Parameters parameters, int observationSize, int actionSize, ref Rng rng);

    /// <summary>Numbers that the critic sees of a row.</summary>
    internal abstract int CriticInputs(int observationSize, int actionSize, int stateSize);

    /// <summary>What does not fit together or to an environment; paths are those of the algorithm's keys.</summary>
    /// <param name="rows">Rows of the environment.</param>
    /// <param name="stateSize">Numbers that describe a whole environment.</param>
    internal abstract IEnumerable<Problem> Problems(int rows, int stateSize);
}
