namespace Menuet.Settlement.Tests.Servers;

/// <summary>What to do where a server that a test needs cannot be had: say so and skip, but fail where CI is set.</summary>
internal static class Missing
{
    internal static bool MustFail => Environment.GetEnvironmentVariable("CI") is { Length: > 0 };

    /// <summary>Why a test is skipped; null where it must run (and fail by itself when something is missing).</summary>
    internal static string? Skip(string? missing) => MustFail ? null : missing;

    internal static string? Program(params ReadOnlySpan<string> candidates)
    {
        foreach (var candidate in candidates)
        {
            if (Path.IsPathRooted(candidate))
            {
                if (File.Exists(candidate))
                {
                    return candidate;
                }

                continue;
            }

            foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            {
                if (File.Exists(Path.Combine(folder, candidate)))
                {
                    return Path.Combine(folder, candidate);
                }
            }
        }

        return null;
    }

    internal static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
