using Menuet.Settlement.Tests.Servers;

namespace Menuet.Experiments.Tests;

/// <summary>Needs Chromium; without it the test is skipped with its reason, and fails where CI is set.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    /// <summary>Path of the browser; null when there is none.</summary>
    public static string? Browser { get; } = Missing.Program("chromium", "chromium-browser", "google-chrome");

    public BrowserFactAttribute() => Skip = Missing.Skip(Browser is null ? "needs Chromium; ./test.sh installs it on Debian" : null);
}
