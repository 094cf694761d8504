using System.ComponentModel;
using System.Diagnostics;

namespace Menuet.Learning.Tests.Onnx;

/// <summary>
/// A test that runs Node.js with packages from npm. Where node or npm is missing it is skipped, with this reason in the results; where CI is set it is run,
/// and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() =>
        Skip = Environment.GetEnvironmentVariable("CI") is not { Length: > 0 } && !(Answers("node") && Answers("npm")) ? "node or npm is not installed" : null;

    private static bool Answers(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, "--version") { RedirectStandardOutput = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
