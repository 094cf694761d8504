namespace Menuet.Experiments.Report;

/// <summary>What a report says about the run that it is of.</summary>
/// <param name="Quick">Fewer points, draws and seeds than the full run.</param>
/// <param name="Seeds">Of everything trained or drawn.</param>
/// <param name="Build">Version and identity of the code.</param>
/// <param name="Elapsed">Of this run; exhibits that were kept took their own time earlier.</param>
internal sealed record ReportConditions(bool Quick, int Seeds, string Build, TimeSpan Elapsed)
{
    /// <summary>The machine, in a line.</summary>
    internal static string Machine =>
        FormattableString.Invariant($"{Environment.ProcessorCount} logical processors, .NET {Environment.Version}, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}");
}
