using System.Diagnostics;
using System.Globalization;
using Menuet.Settlement.Ledgers;
using Xunit.Abstractions;

namespace Menuet.Settlement.Tests;

/// <summary>A process that settles is killed at random moments, between intent and confirmation too; what is run again pays nothing twice and loses nothing.</summary>
internal static class Kills
{
    // MENUET_KILLS=200 for a long run by hand; each ledger gets so many. Only kills of a process that is at work count.
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("MENUET_KILLS"), CultureInfo.InvariantCulture, out var count) ? count : 3;

    /// <summary>The account owns one reward of each posting, and everything adds up.</summary>
    internal static async Task CheckAsync(ILedger ledger, int postings, string account, Int128 reward)
    {
        Assert.Equal(postings * reward, await ledger.BalanceAsync(account, default));
        var verification = await ledger.VerifyAsync(default);
        Assert.True(verification.Holds, string.Join("; ", verification.Faults));
        Assert.Equal(postings, verification.Postings);
    }

    /// <summary>
    /// Runs the worker and kills it at a random moment within so many milliseconds after it is ready, again and again; each time it goes on with the
    /// posting that it was killed in, or before. At the end it does all of them, from the first, and is let be.
    /// </summary>
    /// <returns>How many postings there must be now.</returns>
    internal static async Task<int> RunAsync(ITestOutputHelper output, int longest, Func<Random, string[]> arguments)
    {
        var random = new Random(20);
        var (begun, landed, next) = (0, 0, 0);
        int? open = null;
        for (var i = 0; i < Count; i++)
        {
            var run = await WatchAsync(Start(next, int.MaxValue, arguments(random)), TimeSpan.FromMilliseconds(longest * random.NextDouble()));
            Assert.True(run.WasKilled, run.Error);
            landed += open is { } interrupted && run.Found.Contains(interrupted) ? 1 : 0;
            open = run.Open;
            begun += open is null ? 0 : 1;
            next = Math.Max(next, run.Next);
        }

        var last = await WatchAsync(Start(0, next + 1, arguments(random)), null);
        Assert.True(last is { WasKilled: false, ExitCode: 0 }, last.Error);
        landed += open is { } final && last.Found.Contains(final) ? 1 : 0;
        output.WriteLine($"{Count} kills over {next + 1} postings; {begun} within a posting, which {landed} times stood already when it was run again");
        return next + 1;
    }

    private static Process Start(int from, int end, string[] arguments) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
        [typeof(Worker).Assembly.Location, from.ToString(CultureInfo.InvariantCulture), end.ToString(CultureInfo.InvariantCulture), .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>Lets the worker run to its end, or kills it so long after it was ready.</summary>
    private static async Task<Run> WatchAsync(Process worker, TimeSpan? life)
    {
        using (worker)
        {
            var error = worker.StandardError.ReadToEndAsync();
            var ready = new TaskCompletionSource();
            var reading = Task.Run(async () =>
            {
                var run = new Run(null, 0, []);
                while (await worker.StandardOutput.ReadLineAsync() is { } line)
                {
                    ready.TrySetResult();
                    if (line.Split(' ') is [var what, var number] && int.TryParse(number, CultureInfo.InvariantCulture, out var posting))
                    {
                        run = what == "begin" ? run with { Open = posting, Next = posting } : run with { Open = null, Next = posting + 1 };
                        if (what == "found")
                        {
                            run.Found.Add(posting);
                        }
                    }
                }

                ready.TrySetResult();
                return run;
            });
            var wasKilled = false;
            if (life is { } time)
            {
                await ready.Task;
                await Task.Delay(time);
                wasKilled = !worker.HasExited;
                worker.Kill();
            }

            await worker.WaitForExitAsync();
            return await reading with { WasKilled = wasKilled, ExitCode = worker.ExitCode, Error = await error };
        }
    }

    /// <summary>What a worker said until it was gone.</summary>
    /// <param name="Open">The posting that it had begun and not ended.</param>
    /// <param name="Next">The first that it had not ended.</param>
    /// <param name="Found">Those that stood already.</param>
    private sealed record Run(int? Open, int Next, HashSet<int> Found)
    {
        internal bool WasKilled { get; init; }

        internal int ExitCode { get; init; }

        internal string Error { get; init; } = "";
    }
}
