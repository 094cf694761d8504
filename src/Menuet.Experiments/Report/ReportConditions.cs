using System.Reflection;

namespace Menuet.Experiments.Report;

/// <summary>What a report says about the run that it is of.</summary>
/// <param name="Quick">Fewer points, draws and seeds than the full run.</param>
/// <param name="Seeds">Of everything trained or drawn.</param>
/// <param name="Command">What makes it again.</param>
/// <param name="Build">Version and identity of the code.</param>
/// <param name="Elapsed">Of this run; exhibits and trainings that were kept took their own time earlier.</param>
internal sealed record ReportConditions(bool Quick, int Seeds, string Command, string Build, TimeSpan Elapsed)
{
    /// <summary>The commit that the code was built from; empty where that is unknown.</summary>
    internal static string Commit { get; } = typeof(ReportConditions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit] ? commit : "";

    /// <summary>What, when it is a commit, build and machine.</summary>
    internal string Made => string.Join(
        " · ", new[] { FormattableString.Invariant($"{Seeds} seeds"), Commit.Length == 0 ? "" : $"commit {Commit[..Math.Min(12, Commit.Length)]}", $"build {Build}", Machine,
        FormattableString.Invariant($"{Elapsed.TotalMinutes:0.0} minutes beside what was kept") }.Where(part => part.Length > 0));

    /// <summary>The machine, in a line.</summary>
    internal static string Machine =>
        FormattableString.Invariant($"{Environment.ProcessorCount} logical processors, .NET {Environment.Version}, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}");
}
