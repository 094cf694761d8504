using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Experiments.Papers;

/// <summary>Every rule and plan of Fan et al. on the same traffic, slot by slot.</summary>
internal sealed class FanTraffic
{
    /// <summary>Numbers of vehicles.</summary>
    internal static readonly ImmutableArray<double> Vehicles = [20, 40, 60, 80];

    /// <summary>The lines of the figures: the scheme's name in a comparison, and in a legend.</summary>
    internal static readonly ImmutableArray<(string Scheme, string Name)> Lines =
    [
        ("truthful", "McAfee, truthful bids"), ("sequentialSecondPrice", "second price, sequential"), ("vcg", "second price, VCG"),
        ("random", "random bids in [0, value]"), ("teamOptimum", "team optimum (exact)"),
    ];

    private static readonly ImmutableArray<string> Measures = ["reward", "gains", "paperSum", "balance", "latency", "trades", "imbalance"];

    // [measure][scheme][vehicles][episode], means over slots.
    private readonly double[][][][] means;
    private readonly int episodes;

    private FanTraffic(int episodes)
    {
        this.episodes = episodes;
        means = [.. Measures.Select(_ => Lines.Select(_ => Vehicles.Select(_ => new double[episodes]).ToArray()).ToArray())];
    }

    /// <summary>Plays episodes of seeds 0, 1, ….</summary>
    /// <param name="preset">Which welfare and budget coefficient the reward has.</param>
    /// <param name="conditions">How many episodes.</param>
    /// <param name="from">Progress before.</param>
    /// <param name="to">Progress after.</param>
    internal static FanTraffic Play(AuctionPreset preset, Conditions conditions, double from = 0, double to = 1)
    {
        var (played, door) = (new FanTraffic(EpisodesOf(conditions)), conditions.InUse(DoubleAuctionMechanism.Door));
        for (var v = 0; v < Vehicles.Length; v++)
        {
            var scenario = new DoubleAuctionScenario { Preset = preset, Vehicles = (int)Vehicles[v] };
            for (var episode = 0; episode < played.episodes; episode++)
            {
                var slot = 0;
                foreach (var market in scenario.Markets((ulong)episode))
                {
                    conditions.Cancellation.ThrowIfCancellationRequested();
                    played.Add(door.Schemes(market, new(Seed: ((ulong)episode * 1000) + (ulong)slot++), conditions.Cancellation), v, episode, scenario.Slots);
                }

                conditions.Progress(from + ((to - from) * ((v * played.episodes) + episode + 1) / (Vehicles.Length * played.episodes)));
            }
        }

        return played;
    }

    /// <summary>Episodes of a run, seeds 0, 1, ….</summary>
    internal static int EpisodesOf(Conditions conditions) => conditions.Of(5, 16) * conditions.Seeds;

    /// <summary>Means of the episodes' slots: reward, gains, paperSum, balance, latency [ms], trades, imbalance (the balance without its sign).</summary>
    internal double[] Of(string measure, string scheme, int vehicles) =>
        means[Measures.IndexOf(measure)][Lines.IndexOf(Lines.Single(line => line.Scheme == scheme))][Vehicles.IndexOf(vehicles)];

    /// <summary>The mean over episodes of one measure.</summary>
    internal Quantity Mean(string name, string meaning, string unit, string measure, string scheme, int vehicles) =>
        Quantity.Mean(name, meaning, unit, Of(measure, scheme, vehicles));

    /// <summary>A number of each episode.</summary>
    internal Quantity Mean(string name, string meaning, string unit, Func<int, double> ofEpisode) =>
        Quantity.Mean(name, meaning, unit, [.. Enumerable.Range(0, episodes).Select(ofEpisode)]);

    /// <summary>Of one quantity for each number of vehicles, or step between two, the one with the smallest mean.</summary>
    internal Quantity Least(string name, string meaning, string unit, int skip, Func<int, int, double> ofVehiclesAndEpisode) =>
        Enumerable.Range(skip, Vehicles.Length - skip).Select(v => Mean(name, meaning, unit, episode => ofVehiclesAndEpisode(v, episode))).MinBy(quantity => quantity.Value)!;

    /// <summary>A figure of one measure over the number of vehicles.</summary>
    internal Figure Figure(string title, Axis axis, string measure, bool withOptimum = true, FanLearning? learned = null)
    {
        var series = ImmutableArray.CreateBuilder<Series>();
        foreach (var (scheme, name) in Lines.Where(line => withOptimum || line.Scheme != "teamOptimum"))
        {
            var quantities = Vehicles.Select(vehicles => Mean("", "", "", measure, scheme, (int)vehicles)).ToArray();
            series.Add(new LineSeries(name, Vehicles, [.. quantities.Select(quantity => quantity.Value)])
            {
                Low = [.. quantities.Select(quantity => quantity.Low)],
                High = [.. quantities.Select(quantity => quantity.High)],
                Markers = true,
                Dashed = scheme == "teamOptimum",
            });
        }

        if (learned is not null)
        {
            series.Add(learned.Line(measure));
        }

        return new(
            title, new("Number of IoVs"), axis, series.ToImmutable(),
            FormattableString.Invariant($"Means per slot over {episodes} episodes of 50 slots, seeds 0 to {episodes - 1}, the same traffic for all; bands: 95 % intervals{(learned is null ? "" : ", of learned bids over trainings")}."));
    }

    /// <summary>All measures.</summary>
    internal Table Table(string title)
    {
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        foreach (var vehicles in Vehicles)
        {
            foreach (var (scheme, name) in Lines)
            {
                rows.Add([(int)vehicles, name, .. Measures.Select(measure => (object?)Of(measure, scheme, (int)vehicles).Average())]);
            }
        }

        return new(
            title,
            [
                new("vehicles"), new("method"), new("reward", "money"), new("gains from trade", "money"), new("eq. (1) as printed", "money"), new("budget balance", "money"),
                new("latency", "ms"), new("trades"), new("budget balance without sign", "money"),
            ],
            rows.ToImmutable());
    }

    private void Add(Comparison comparison, int v, int episode, int slots)
    {
        for (var i = 0; i < Lines.Length; i++)
        {
            var scheme = comparison.Schemes.Single(one => one.Name == Lines[i].Scheme);
            double[] values =
            [
                scheme.Objective!.Value, scheme.Values[0]!.Value, scheme.Values[1]!.Value, scheme.Values[2]!.Value, 1000 * scheme.Values[3]!.Value, scheme.Values[4]!.Value,
                Math.Abs(scheme.Values[2]!.Value),
            ];
            for (var measure = 0; measure < values.Length; measure++)
            {
                means[measure][i][v][episode] += values[measure] / slots;
            }
        }
    }
}
