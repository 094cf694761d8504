using Menuet.Learning.Autodiff;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Networks;

/// <summary>
/// Attention over a history of rounds: the input is <see cref="Tokens"/> rounds of equal width, oldest first. Source: Vaswani et al. 2017; for pricing Lai et
/// al. 2025, Section IV.
/// </summary>
public sealed record TransformerArchitecture : Architecture
{
    /// <summary>Rounds in the input, 1 to 64; must divide the number of inputs.</summary>
    public int Tokens { get; init; } = 4;

    /// <summary>Width of a token inside, a multiple of the heads.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Encoder layers, ≥ 1.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Hidden units of the feed-forward part.</summary>
    public int FeedForward { get; init; } = 256;

    /// <summary>0 for an encoder whose tokens are averaged; otherwise layers of a decoder that reads the past decisions and attends to the encoder.</summary>
    public int DecoderLayers { get; init; }

    /// <summary>How many of the first numbers of a round are the decision that the decoder reads; ≥ 1.</summary>
    public int DecisionSize { get; init; } = 1;

    /// <summary>Whether positions are learned (beginning small); otherwise sines and cosines.</summary>
    public bool LearnedPositions { get; init; } = true;

    /// <inheritdoc/>
    public override INetwork Build(Parameters parameters, int inputs, int outputs, float outputGain, ref Rng rng)
    {
        if (Tokens is < 1 or > Attention.MostKeys || inputs % Tokens != 0)
            throw new ArgumentException($"{inputs} inputs are not {Tokens} rounds of equal width (1 to {Attention.MostKeys} rounds)");
        if (Heads < 1 || Width % Heads != 0)
            throw new ArgumentException($"width {Width} is not a multiple of {Heads} heads");
        if (Layers < 1 || FeedForward < 1 || DecoderLayers < 0)
            throw new ArgumentException($"{Layers} layers, {DecoderLayers} decoder layers, {FeedForward} feed-forward units");
        if (DecoderLayers > 0 && (DecisionSize < 1 || DecisionSize > inputs / Tokens))
            throw new ArgumentException($"a decision of {DecisionSize} numbers in rounds of {inputs / Tokens}");
        return new Transformer(parameters, inputs, outputs, this, outputGain, ref rng);
    }
}

/// <summary>Pre-norm encoder, averaged over tokens; or encoder and causal decoder, read at the last token.</summary>
internal sealed class Transformer : INetwork, IExportable
{
    private readonly TransformerArchitecture _architecture;
    private readonly Linear _embed, _head;
    private readonly Linear? _embedDecision;
    private readonly Matrix? _positions, _decoderPositions;
    private readonly float[] _sinusoids;
    private readonly Block[] _encoder, _decoder;
    private readonly Norm _encoderNorm;
    private readonly Norm? _decoderNorm;

    internal Transformer(Parameters parameters, int inputs, int outputs, TransformerArchitecture architecture, float outputGain, ref Rng rng)
    {
        (Inputs, Outputs, _architecture) = (inputs, outputs, architecture);
        var width = architecture.Width;
        _embed = new(parameters, inputs / architecture.Tokens, width, 1f, Initialisation.Xavier, ref rng);
        _sinusoids = Sinusoids(architecture.Tokens, width);
        if (architecture.LearnedPositions)
            _positions = Positions(parameters, ref rng);
        _encoder = new Block[architecture.Layers];
        for (var i = 0; i < _encoder.Length; i++)
            _encoder[i] = new(parameters, architecture, false, ref rng);
        _encoderNorm = new(parameters, width);
        _decoder = new Block[architecture.DecoderLayers];
        if (_decoder.Length > 0)
        {
            _embedDecision = new(parameters, architecture.DecisionSize, width, 1f, Initialisation.Xavier, ref rng);
            if (architecture.LearnedPositions)
                _decoderPositions = Positions(parameters, ref rng);
            for (var i = 0; i < _decoder.Length; i++)
                _decoder[i] = new(parameters, architecture, true, ref rng);
            _decoderNorm = new(parameters, width);
        }
        _head = new(parameters, width, outputs, outputGain, Initialisation.Xavier, ref rng);
    }

    public int Inputs { get; }

    public int Outputs { get; }

    public Value Forward(Value inputs)
    {
        var tokens = _architecture.Tokens;
        var rounds = inputs.Reshape(inputs.Rows * tokens, Inputs / tokens);
        var memory = AddPositions(_embed.Forward(rounds), _positions);
        foreach (var block in _encoder)
            memory = block.Forward(memory, default, tokens);
        memory = _encoderNorm.Forward(memory);
        if (_decoder.Length == 0)
            return _head.Forward(memory.GroupMeans(tokens));
        var decision = AddPositions(_embedDecision!.Forward(rounds.Part(0, _architecture.DecisionSize)), _decoderPositions);
        foreach (var block in _decoder)
            decision = block.Forward(decision, memory, tokens);
        return _head.Forward(_decoderNorm!.Forward(decision.GroupRow(tokens, tokens - 1)));
    }

    public string Export(OnnxGraph graph, string input)
    {
        var tokens = _architecture.Tokens;
        var rounds = graph.Reshape(input, -1, Inputs / tokens);
        var memory = AddPositions(graph, _embed.Export(graph, rounds), _positions);
        foreach (var block in _encoder)
            memory = block.Export(graph, memory, null, tokens);
        memory = _encoderNorm.Export(graph, memory);
        if (_decoder.Length == 0)
            return _head.Export(graph, graph.Node("ReduceMean", [Grouped(memory)], ("axes", new[] { 1 }), ("keepdims", 0)));
        var decision = AddPositions(graph, _embedDecision!.Export(graph, graph.Part(rounds, 0, _architecture.DecisionSize)), _decoderPositions);
        foreach (var block in _decoder)
            decision = block.Export(graph, decision, memory, tokens);
        var newest = graph.Node("Slice", [Grouped(decision), graph.Wholes(tokens - 1), graph.Wholes(tokens), graph.Wholes(1)]);
        return _head.Export(graph, _decoderNorm!.Export(graph, graph.Reshape(newest, -1, _architecture.Width)));

        string Grouped(string x) => graph.Reshape(x, -1, tokens, _architecture.Width);
    }

    private string AddPositions(OnnxGraph graph, string x, Matrix? learned)
    {
        var (tokens, width) = (_architecture.Tokens, _architecture.Width);
        var table = graph.Constant(learned is null ? _sinusoids : learned.Values, tokens, width);
        return graph.Reshape(graph.Node("Add", [graph.Reshape(x, -1, tokens, width), table]), -1, width);
    }

    /// <summary>sin and cos of position / 10000^(2i/width), side by side; the platform's functions. Source: Vaswani et al. 2017, Section 3.5.</summary>
    internal static float[] Sinusoids(int positions, int width)
    {
        var table = new float[positions * width];
        for (var p = 0; p < positions; p++)
            for (var i = 0; i < width; i++)
            {
                var angle = p * Math.Pow(10_000, -(double)(i / 2 * 2) / width);
                table[p * width + i] = (float)(i % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
            }
        return table;
    }

    private Matrix Positions(Parameters parameters, ref Rng rng)
    {
        var matrix = parameters.Add(_architecture.Tokens, _architecture.Width);
        foreach (ref var x in matrix.Values)
            x = 0.02f * (float)rng.NextNormal();
        return matrix;
    }

    private Value AddPositions(Value x, Matrix? learned)
    {
        var table = learned is not null ? x.Tape.Use(learned) : x.Tape.Input(_sinusoids, _architecture.Tokens, _architecture.Width);
        return x + table.Cycle(x.Rows);
    }

    private sealed class Norm
    {
        private readonly Matrix _gain, _bias;

        internal Norm(Parameters parameters, int width)
        {
            _gain = parameters.Add(1, width);
            _bias = parameters.Add(1, width);
            _gain.Values.Fill(1f);
        }

        internal Value Forward(Value x) => x.LayerNorm(x.Tape.Use(_gain), x.Tape.Use(_bias));

        internal string Export(OnnxGraph graph, string x) => graph.Node(
            "LayerNormalization", [x, graph.Constant(_gain.Values, _gain.Columns), graph.Constant(_bias.Values, _bias.Columns)], ("axis", -1), ("epsilon", 1e-5f));
    }

    /// <summary>x + attention(norm x), in a decoder also to the encoder's memory, then x + feed-forward(norm x).</summary>
    private sealed class Block
    {
        private readonly Norm _norm1, _norm2;
        private readonly Norm? _normCross;
        private readonly Linear _project, _joint, _up, _down;
        private readonly Linear? _query, _keysValues, _projectCross;
        private readonly int _width, _heads;

        internal Block(Parameters parameters, TransformerArchitecture architecture, bool cross, ref Rng rng)
        {
            (_width, _heads) = (architecture.Width, architecture.Heads);
            _norm1 = new(parameters, _width);
            _joint = new(parameters, _width, 3 * _width, 1f, Initialisation.Xavier, ref rng);
            _project = new(parameters, _width, _width, 1f, Initialisation.Xavier, ref rng);
            if (cross)
            {
                _normCross = new(parameters, _width);
                _query = new(parameters, _width, _width, 1f, Initialisation.Xavier, ref rng);
                _keysValues = new(parameters, _width, 2 * _width, 1f, Initialisation.Xavier, ref rng);
                _projectCross = new(parameters, _width, _width, 1f, Initialisation.Xavier, ref rng);
            }
            _norm2 = new(parameters, _width);
            _up = new(parameters, _width, architecture.FeedForward, 1f, Initialisation.Xavier, ref rng);
            _down = new(parameters, architecture.FeedForward, _width, 1f, Initialisation.Xavier, ref rng);
        }

        internal Value Forward(Value x, Value memory, int tokens)
        {
            var joint = _joint.Forward(_norm1.Forward(x));
            x += _project.Forward(Attention.Attend(joint, 0, joint, _width, 2 * _width, _width, _heads, tokens, tokens, causal: _query is not null));
            if (_query is not null)
            {
                var query = _query.Forward(_normCross!.Forward(x));
                var keysValues = _keysValues!.Forward(memory);
                x += _projectCross!.Forward(Attention.Attend(query, 0, keysValues, 0, _width, _width, _heads, tokens, tokens, causal: false));
            }
            return x + _down.Forward(_up.Forward(_norm2.Forward(x), Activation.Relu));
        }

        internal string Export(OnnxGraph graph, string x, string? memory, int tokens)
        {
            var joint = _joint.Export(graph, _norm1.Export(graph, x));
            var own = Attend(
                graph, graph.Part(joint, 0, _width), graph.Part(joint, _width, _width), graph.Part(joint, 2 * _width, _width), tokens, causal: memory is not null);
            x = graph.Node("Add", [x, _project.Export(graph, own)]);
            if (memory is not null)
            {
                var query = _query!.Export(graph, _normCross!.Export(graph, x));
                var keysValues = _keysValues!.Export(graph, memory);
                var crossed = Attend(graph, query, graph.Part(keysValues, 0, _width), graph.Part(keysValues, _width, _width), tokens, causal: false);
                x = graph.Node("Add", [x, _projectCross!.Export(graph, crossed)]);
            }
            return graph.Node("Add", [x, _down.Export(graph, _up.Export(graph, _norm2.Export(graph, x), Activation.Relu))]);
        }

        private string Attend(OnnxGraph graph, string queries, string keys, string values, int tokens, bool causal)
        {
            var depth = _width / _heads;
            var products = graph.Node("MatMul", [Split(queries, 0, 2, 1, 3), Split(keys, 0, 2, 3, 1)]);
            var scores = graph.Scaled(products, 1f / MathF.Sqrt(depth));
            if (causal)
            {
                var mask = new float[tokens * tokens];
                for (var i = 0; i < tokens; i++)
                    mask.AsSpan(i * tokens + i + 1, tokens - i - 1).Fill(-1e9f);
                scores = graph.Node("Add", [scores, graph.Constant(mask, tokens, tokens)]);
            }
            var attended = graph.Node("MatMul", [graph.Node("Softmax", [scores], ("axis", -1)), Split(values, 0, 2, 1, 3)]);
            return graph.Reshape(graph.Node("Transpose", [attended], ("perm", new[] { 0, 2, 1, 3 })), -1, _width);

            string Split(string x, params int[] order) => graph.Node("Transpose", [graph.Reshape(x, -1, tokens, _heads, depth)], ("perm", order));
        }
    }
}
