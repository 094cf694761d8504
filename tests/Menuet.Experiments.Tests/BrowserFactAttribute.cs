namespace Menuet.Experiments.Tests;

/// <summary>Needs Chromium; without it the test is skipped with its reason, and fails where CI is set.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    /// <summary>Path of the browser; null when there is none.</summary>
    public static string? Browser { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    public BrowserFactAttribute()
    {
        if (Browser is null && Environment.GetEnvironmentVariable("CI") is not { Length: > 0 })
        {
            Skip = "needs Chromium; ./test.sh installs it on Debian";
        }
    }
}
