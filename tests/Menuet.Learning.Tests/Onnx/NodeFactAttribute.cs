using Menuet.Settlement.Tests.Servers;

namespace Menuet.Learning.Tests.Onnx;

/// <summary>
/// A test that runs Node.js with packages from npm. Where node or npm is missing it is skipped, with this reason in the results; where CI is set it is run,
/// and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() =>
        Skip = Missing.Skip(Missing.Program("node") is null || Missing.Program("npm") is null ? "node or npm is not installed" : null);
}
