using Menuet.Learning.Autodiff;

namespace Menuet.Learning.Networks;

/// <summary>A differentiable map [rows, Inputs] → [rows, Outputs].</summary>
public interface INetwork
{
    /// <summary>Columns of the input.</summary>
    int Inputs { get; }

    /// <summary>Columns of the output.</summary>
    int Outputs { get; }

    /// <summary>Whether outputs already lie within [-1, 1]; otherwise who needs bounded actions applies tanh.</summary>
    bool Bounded => false;

    /// <summary>Whether its auxiliary loss is a function of the whole batch, which must then not be cut into slices.</summary>
    bool MixesRows => false;

    /// <summary>The output; without any randomness.</summary>
    /// <param name="inputs">[rows, Inputs].</param>
    Value Forward(Value inputs);

    /// <summary>The output as it is used in training: a generative network draws, others do as <see cref="Forward"/>.</summary>
    /// <param name="inputs">[rows, Inputs].</param>
    /// <param name="rng">Where draws come from.</param>
    Value Sample(Value inputs, ref Rng rng) => Forward(inputs);

    /// <summary>Told after every step of the optimiser; where pruning happens.</summary>
    /// <param name="updates">Steps so far.</param>
    void AfterUpdate(long updates)
    {
    }
}

/// <summary>What a network is to be, as data: swapping this one value swaps the actor of any algorithm.</summary>
public abstract record Architecture
{
    /// <summary>A new network.</summary>
    /// <param name="parameters">The block its matrices are added to.</param>
    /// <param name="inputs">≥ 1.</param>
    /// <param name="outputs">≥ 1.</param>
    /// <param name="outputGain">Scale of the last layer's weights: small for policies, 1 for values.</param>
    /// <param name="rng">Where the weights come from.</param>
    /// <exception cref="ArgumentException">The architecture does not fit: which number, and what is permitted.</exception>
    public abstract INetwork Build(Parameters parameters, int inputs, int outputs, float outputGain, ref Rng rng);
}
