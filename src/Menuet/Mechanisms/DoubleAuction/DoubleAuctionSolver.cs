using System.Collections.Immutable;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Clears every market by a rule; exact.</summary>
/// <param name="name">Kebab-case.</param>
/// <param name="summary">The method and its guarantee.</param>
/// <param name="named">The rule; null: the one that the document names.</param>
internal sealed class DoubleAuctionSolver(string name, string summary, AuctionMechanism? named) : ISolver<DoubleAuctionMarket, DoubleAuctionOutcome>
{
    public string Name => name;

    public string Summary => summary;

    public ImmutableArray<Claim> Promises(DoubleAuctionMarket market) => Of(named ?? market.Mechanism, market.HasUnits);

    /// <remarks>
    /// The rule fixes trades and prices, so nothing is left to choose but the matching of winners. The bound is the reward with the latency
    /// that the assignment's potentials prove to be least; with rank matching it is the reward itself.
    /// </remarks>
    public Solution<DoubleAuctionOutcome> Solve(DoubleAuctionMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var mechanism = named ?? market.Mechanism;
        var locals = market.Locals;
        var clearings = ImmutableArray.CreateBuilder<Clearing>(locals.Length);
        var scores = new Scores[locals.Length];
        var slack = 0.0;
        for (var i = 0; i < locals.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var book = Book.Of(locals[i]);
            var (clearing, latencyBound) = Clear(market, mechanism, book, cancellation);
            scores[i] = Scores.Of(clearing, book);
            slack += double.IsNaN(latencyBound) ? 0 : Math.Max(0, scores[i].LatencySeconds - latencyBound);
            clearings.Add(clearing);
        }

        var bound = Scores.Objective(market, scores) + (market.Reward.LatencyWeightPerSecond * slack);
        return new(
            mechanism == AuctionMechanism.SequentialSecondPrice ? Termination.Candidate : Termination.Optimal,
            new(mechanism, clearings.MoveToImmutable()), bound, locals.Length, Note(mechanism, market.HasUnits));
    }

    /// <summary>Clears and matches one market; the bound on the latency is NaN unless the market asks for the least.</summary>
    internal static (Clearing Clearing, double LatencyBound) Clear(
        DoubleAuctionMarket market, AuctionMechanism mechanism, Book book, CancellationToken cancellation)
    {
        var clearing = Clearinghouse.Clear(market, mechanism, book);
        return market.Matching == WinnerMatching.MinLatency && clearing.Partners.IsDefault
            ? LatencyMatching.Assign(clearing, book, cancellation)
            : (clearing, double.NaN);
    }

    private static ImmutableArray<Claim> Of(AuctionMechanism mechanism, bool hasUnits)
    {
        var claims = ImmutableArray.CreateBuilder<Claim>();
        claims.AddRange(Claim.IndividualRationality, Claim.Feasibility, Claim.Matching, Claim.Consistency);
        if (mechanism is not (AuctionMechanism.Vcg or AuctionMechanism.SequentialSecondPrice))
        {
            claims.Add(Claim.BudgetBalance);
        }

        if (mechanism != AuctionMechanism.SequentialSecondPrice)
        {
            claims.Add(Claim.Efficiency);
        }

        if (mechanism == AuctionMechanism.Vcg || (!hasUnits && mechanism is AuctionMechanism.Mcafee or AuctionMechanism.TradeReduction))
        {
            claims.Add(Claim.Truthfulness);
        }

        return claims.ToImmutable();
    }

    private static string Note(AuctionMechanism mechanism, bool hasUnits) => (mechanism, hasUnits) switch
    {
        (AuctionMechanism.Mcafee or AuctionMechanism.TradeReduction, true) =>
            "with several units this rule is not truthful: who trades more can gain by hiding units",
        (AuctionMechanism.SequentialSecondPrice, _) => "a baseline: truthful on neither side, and not balanced",
        (AuctionMechanism.KDouble or AuctionMechanism.Average, _) => "this rule is not truthful: the pair at the margin sets its own price",
        _ => "",
    };
}
