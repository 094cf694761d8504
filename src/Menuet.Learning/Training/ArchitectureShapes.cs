using Menuet.Documents;
using Menuet.Learning.Networks;

namespace Menuet.Learning.Training;

/// <summary>Every architecture by its name in documents.</summary>
internal static class ArchitectureShapes
{
    private const int MostUnits = 8192;
    private const int MostLayers = 16;

    private static Shape<MlpArchitecture> Mlp { get; } = new Shape<MlpArchitecture>("fully connected layers")
        .Wholes("hidden", "units of the hidden layers; empty: a linear map", o => o.Hidden, (ref o, v) => o = o with { Hidden = v }, 1, MostUnits, 0, MostLayers)
        .Choice("activation", "of the hidden layers", o => o.Activation, (ref o, v) => o = o with { Activation = v })
        .Choice("initialisation", "how the weights begin", o => o.Initialisation, (ref o, v) => o = o with { Initialisation = v });

    private static Shape<MixtureArchitecture> Mixture { get; } = new Shape<MixtureArchitecture>("a gate that chooses the best few of several experts for each row (Wen et al. 2025)")
        .Whole("experts", "M", o => o.Experts, (ref o, v) => o = o with { Experts = v }, 2, 256)
        .Whole("selected", "m, experts that a row uses; at most experts", o => o.Selected, (ref o, v) => o = o with { Selected = v }, 1, 256)
        .Wholes("hidden", "units of the hidden layers of every expert; empty: linear experts", o => o.Hidden, (ref o, v) => o = o with { Hidden = v }, 1, MostUnits, 0, MostLayers)
        .Choice("activation", "of the hidden layers", o => o.Activation, (ref o, v) => o = o with { Activation = v })
        .Choice("balance", "what keeps the experts busy: none, load (Fedus et al. 2022), batchEntropy, or paper (as printed in Wen et al., which sharpens the gate)", o => o.Balance, (ref o, v) => o = o with { Balance = v })
        .Single("balanceWeight", "weight of that loss", o => o.BalanceWeight, (ref o, v) => o = o with { BalanceWeight = v }, Interval.NonNegative);

    private static Shape<TransformerArchitecture> Transformer { get; } = new Shape<TransformerArchitecture>("attention over a history of rounds, oldest first (Vaswani et al. 2017)")
        .Whole("tokens", "rounds in the input; divides the number of inputs", o => o.Tokens, (ref o, v) => o = o with { Tokens = v }, 1, 64)
        .Whole("width", "width of a token inside, a multiple of heads", o => o.Width, (ref o, v) => o = o with { Width = v }, 1, 4096)
        .Whole("heads", "attention heads", o => o.Heads, (ref o, v) => o = o with { Heads = v }, 1, 64)
        .Whole("layers", "encoder layers", o => o.Layers, (ref o, v) => o = o with { Layers = v }, 1, 64)
        .Whole("feedForward", "hidden units of the feed-forward part", o => o.FeedForward, (ref o, v) => o = o with { FeedForward = v }, 1, MostUnits)
        .Whole("decoderLayers", "0: an encoder whose tokens are averaged; otherwise layers of a decoder over the past decisions", o => o.DecoderLayers, (ref o, v) => o = o with { DecoderLayers = v }, 0, 64)
        .Whole("decisionSize", "first numbers of a round that are the decision which the decoder reads", o => o.DecisionSize, (ref o, v) => o = o with { DecisionSize = v }, 1, 4096)
        .Flag("learnedPositions", "whether positions are learned; otherwise sines and cosines", o => o.LearnedPositions, (ref o, v) => o = o with { LearnedPositions = v });

    private static Shape<DiffusionArchitecture> Diffusion { get; } = new Shape<DiffusionArchitecture>("denoises its output in some steps from Gaussian noise (Ye et al.; Ho et al. 2020)")
        .Whole("denoisingSteps", "K", o => o.DenoisingSteps, (ref o, v) => o = o with { DenoisingSteps = v }, 1, 1000)
        .Whole("timeSize", "size of the embedding of the step; even", o => o.TimeSize, (ref o, v) => o = o with { TimeSize = v }, 4, 1024)
        .Wholes("hidden", "hidden units", o => o.Hidden, (ref o, v) => o = o with { Hidden = v }, 1, MostUnits, 0, MostLayers)
        .Choice("activation", "of the hidden layers and the embedding", o => o.Activation, (ref o, v) => o = o with { Activation = v })
        .Choice("prediction", "what the network says: the clean action, or the noise in it", o => o.Prediction, (ref o, v) => o = o with { Prediction = v })
        .Number("betaMin", "β_min of the schedule", o => o.BetaMin, (ref o, v) => o = o with { BetaMin = v }, Interval.Positive)
        .Number("betaMax", "β_max of the schedule, at least betaMin", o => o.BetaMax, (ref o, v) => o = o with { BetaMax = v }, Interval.Positive);

    private static Shape<TinyArchitecture> Tiny { get; } = new Shape<TinyArchitecture>("fully connected layers that lose units while they learn (Kang et al. 2024)")
        .Wholes("hidden", "units of the hidden layers at the beginning", o => o.Hidden, (ref o, v) => o = o with { Hidden = v }, 1, MostUnits, 1, MostLayers)
        .Choice("activation", "of the hidden layers", o => o.Activation, (ref o, v) => o = o with { Activation = v })
        .Number("prunedShare", "share of the units of every hidden layer that is gone at the end", o => o.PrunedShare, (ref o, v) => o = o with { PrunedShare = v }, new(0, 0.999))
        .Whole("firstUpdate", "update after which pruning begins", o => (int)o.FirstUpdate, (ref o, v) => o = o with { FirstUpdate = v }, 0, 1_000_000_000)
        .Whole("lastUpdate", "update at which the share is reached; above firstUpdate", o => (int)o.LastUpdate, (ref o, v) => o = o with { LastUpdate = v }, 1, 1_000_000_000)
        .Whole("every", "updates between two prunings", o => o.Every, (ref o, v) => o = o with { Every = v }, 1, 1_000_000);

    /// <summary>By the name of the network.</summary>
    internal static Alternatives<Architecture> All { get; } = new Alternatives<Architecture>("network", "the network")
        .Add("mlp", Mlp)
        .Add("mixture", Mixture)
        .Add("transformer", Transformer)
        .Add("diffusion", Diffusion)
        .Add("tiny", Tiny);
}
