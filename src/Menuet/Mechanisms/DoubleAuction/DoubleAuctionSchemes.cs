using System.Collections.Immutable;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Every rule, the baselines and the two optima on one market.</summary>
internal static class DoubleAuctionSchemes
{
    internal static Comparison Compare(DoubleAuctionMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var schemes = ImmutableArray.CreateBuilder<Scheme>();
        schemes.Add(Planned(market, "firstBest", "the largest reward of any trades, with all values known", FirstBest.Clear, cancellation));
        schemes.Add(market.HasUnits
            ? None("teamOptimum", TeamMeaning, "defined for one unit each")
            : Planned(market, "teamOptimum", TeamMeaning, TeamOptimum.Clear, cancellation));
        foreach (var solver in DoubleAuctionMechanism.Door.SolverList)
        {
            if (Names.TryGetValue(solver.Name, out var scheme))
            {
                schemes.Add(Solved(market, scheme.Name, scheme.Meaning, solver, options, cancellation));
            }
        }

        return new(
            "firstBest",
            [
                new("gains from trade", "money"), new("paper welfare", "money"), new("budget balance", "money"), new("latency", "s"),
                new("trades"),
            ],
            schemes.ToImmutable());
    }

    private const string TeamMeaning = "the largest reward that buyers can bring about together by bidding into McAfee's rule";

    private static readonly Dictionary<string, (string Name, string Meaning)> Names = new(StringComparer.Ordinal)
    {
        ["mcafee"] = ("mcafee", "McAfee's rule on the document's bids"),
        ["trade-reduction"] = ("tradeReduction", "the pair at the margin always gives way"),
        ["vcg"] = ("vcg", "everybody pays her externality"),
        ["k-double"] = ("kDouble", "one price between the lowest and the highest clearing price"),
        ["average"] = ("average", "one price, the middle of the pair at the margin"),
        ["sequential-second-price"] = ("sequentialSecondPrice", "sellers in input order, each to the highest remaining bid"),
        ["truthful"] = ("truthful", "the document's rule when everybody reports the truth"),
        ["random"] = ("random", "McAfee's rule when buyers bid uniformly below their values"),
    };

    private static Scheme Solved(
        DoubleAuctionMarket market, string name, string meaning, ISolver<DoubleAuctionMarket, DoubleAuctionOutcome> solver, SolveOptions options,
        CancellationToken cancellation)
    {
        var solution = solver.Solve(market, options, cancellation);
        return solution.Outcome is { } outcome ? Scored(market, name, meaning, outcome.Markets, solution.Note) : None(name, meaning, solution.Note);
    }

    private static Scheme Planned(
        DoubleAuctionMarket market, string name, string meaning, Func<AuctionReward, Book, CancellationToken, Clearing?> plan, CancellationToken cancellation)
    {
        var clearings = market.Locals.Select(local => plan(market.Reward, Book.Of(local), cancellation)).ToImmutableArray();
        return clearings.Contains(null)
            ? None(name, meaning, FormattableString.Invariant($"more than {FirstBest.LargestTable} pairs of buyers and sellers: left out"))
            : Scored(market, name, meaning, [.. clearings.Select(clearing => clearing! with { BuyerPrice = 0, SellerPrice = 0 })], "no prices, hence balanced");
    }

    private static Scheme Scored(DoubleAuctionMarket market, string name, string meaning, ImmutableArray<Clearing> clearings, string note)
    {
        var locals = market.Locals;
        var scores = new Scores[locals.Length];
        double gains = 0, paper = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = Scores.Of(clearings[i], Book.Of(locals[i]));
            gains += scores[i].Gains;
            paper += scores[i].PaperWelfare;
        }

        var (_, balance, latency) = Scores.Totals(market, scores);
        var known = scores.All(score => !double.IsNaN(score.LatencySeconds));
        return new(
            name, meaning, Scores.Objective(market, scores),
            [gains, paper, balance, known ? latency : null, clearings.Sum(clearing => clearing.Buyers.Length)], note);
    }

    private static Scheme None(string name, string meaning, string note) => new(name, meaning, null, [null, null, null, null, null], note);
}
