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
}
