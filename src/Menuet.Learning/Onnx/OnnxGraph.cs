using System.Globalization;
using System.Runtime.InteropServices;
using Menuet.Learning.Networks;
using Menuet.Learning.Training;

namespace Menuet.Learning.Onnx;

/// <summary>What can be said as nodes of an ONNX graph.</summary>
internal interface IExportable
{
    /// <summary>Adds the nodes of what it does without exploration.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="input">Name of a tensor, [rows, inputs].</param>
    /// <returns>Name of the result, [rows, outputs].</returns>
    string Export(OnnxGraph graph, string input);
}

/// <summary>A graph of ONNX operators in the making: operator set 17, single precision, any number of rows.</summary>
/// <remarks>Source: onnx.proto3 of ONNX 1.12 (IR version 8); only the fields that are used, by their numbers.</remarks>
internal sealed class OnnxGraph
{
    private const int Version = 17, IrVersion = 8, SingleType = 1, WholeType = 7;
    private readonly ProtobufMessage _graph = new();
    private int _names;

    /// <summary>A node of one output.</summary>
    /// <param name="operation">The operator's name.</param>
    /// <param name="inputs">Names of tensors.</param>
    /// <param name="attributes">Whole numbers, single numbers, or lists of whole numbers.</param>
    /// <returns>The output's name.</returns>
    internal string Node(string operation, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var name = NewName(operation);
        var node = new ProtobufMessage();
        foreach (var input in inputs)
            node.Text(1, input);
        node.Text(2, name).Text(3, name).Text(4, operation);
        foreach (var (key, value) in attributes)
        {
            var attribute = new ProtobufMessage().Text(1, key);
            switch (value)
            {
                case int whole:
                    attribute.Whole(3, whole).Whole(20, 2);
                    break;
                case float single:
                    attribute.Single(2, single).Whole(20, 1);
                    break;
                case int[] wholes:
                    foreach (var item in wholes)
                        attribute.Whole(8, item);
                    attribute.Whole(20, 7);
                    break;
                default:
                    throw new ArgumentException($"an attribute of type {value.GetType().Name}", nameof(attributes));
            }
            node.Message(5, attribute);
        }
        _graph.Message(1, node);
        return name;
    }

    /// <summary>Numbers that are part of the model.</summary>
    internal string Constant(ReadOnlySpan<float> numbers, params ReadOnlySpan<long> shape) => Constant(MemoryMarshal.AsBytes(numbers), SingleType, shape);

    /// <summary>A list of whole numbers that is part of the model, such as a shape.</summary>
    internal string Wholes(params ReadOnlySpan<long> numbers) => Constant(MemoryMarshal.AsBytes(numbers), WholeType, [numbers.Length]);

    /// <summary>One number.</summary>
    internal string Number(float number) => Constant([number]);

    internal string Reshape(string x, params ReadOnlySpan<long> shape) => Node("Reshape", [x, Wholes(shape)]);

    /// <summary>Some columns of a matrix.</summary>
    internal string Part(string x, int first, int count) => Node("Slice", [x, Wholes(first), Wholes(first + count), Wholes(1)]);

    /// <exception cref="NotSupportedException">A network from elsewhere, which does not say how it is exported.</exception>
    internal string Network(INetwork network, string input) =>
        network is IExportable exportable ? exportable.Export(this, input) : throw new NotSupportedException($"{network.GetType().Name} cannot be exported");

    internal string Scaled(string x, float scale) => Node("Mul", [x, Number(scale)]);

    /// <summary>Held within [-1, 1].</summary>
    internal string Clamp(string x) => Node("Clip", [x, Number(-1), Number(1)]);

    /// <summary>Columns of the largest few of every row of a matrix; of equal numbers the first.</summary>
    internal string TopPlaces(string x, int count)
    {
        var (values, indices) = (NewName("largest"), NewName("places"));
        _graph.Message(1, new ProtobufMessage().Text(1, x).Text(1, Wholes(count)).Text(2, values).Text(2, indices).Text(3, values).Text(4, "TopK"));
        return indices;
    }

    /// <summary>One row of numbers, repeated for every row of a matrix.</summary>
    internal string Repeat(string row, int width, string like)
    {
        var rows = Node("Slice", [Node("Shape", [like]), Wholes(0), Wholes(1)]);
        return Node("Expand", [row, Node("Concat", [rows, Wholes(width)], ("axis", 0))]);
    }

    /// <summary>The whole model.</summary>
    /// <param name="input">Name of the input, [rows, <paramref name="inputs"/>].</param>
    /// <param name="inputs">Its columns.</param>
    /// <param name="result">Name of the tensor that becomes the output.</param>
    /// <param name="output">The output's name, [rows, <paramref name="outputs"/>].</param>
    /// <param name="outputs">Its columns.</param>
    /// <param name="notes">Kept in the file: where the model comes from.</param>
    internal byte[] Model(string input, int inputs, string result, string output, int outputs, IEnumerable<(string Key, string Value)> notes)
    {
        var identity = new ProtobufMessage().Text(1, result).Text(2, output).Text(3, output).Text(4, "Identity");
        _graph.Message(1, identity).Text(2, "policy").Message(11, Described(input, inputs)).Message(12, Described(output, outputs));
        var model = new ProtobufMessage().Whole(1, IrVersion).Text(2, "menuet").Text(3, TrainedPolicy.MenuetVersion).Message(7, _graph)
            .Message(8, new ProtobufMessage().Text(1, "").Whole(2, Version));
        foreach (var (key, value) in notes)
            model.Message(14, new ProtobufMessage().Text(1, key).Text(2, value));
        return model.Bytes.ToArray();
    }

    private static ProtobufMessage Described(string name, int columns)
    {
        var shape = new ProtobufMessage().Message(1, new ProtobufMessage().Text(2, "rows")).Message(1, new ProtobufMessage().Whole(1, columns));
        var tensor = new ProtobufMessage().Whole(1, SingleType).Message(2, shape);
        return new ProtobufMessage().Text(1, name).Message(2, new ProtobufMessage().Message(1, tensor));
    }

    private string Constant(ReadOnlySpan<byte> numbers, int type, ReadOnlySpan<long> shape)
    {
        var name = NewName("constant");
        var tensor = new ProtobufMessage();
        foreach (var size in shape)
            tensor.Whole(1, size);
        _graph.Message(5, tensor.Whole(2, type).Text(8, name).Raw(9, numbers));
        return name;
    }

    private string NewName(string stem) => string.Create(CultureInfo.InvariantCulture, $"{char.ToLowerInvariant(stem[0])}{stem.AsSpan(1)}{++_names}");
}
