using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Clears by the document's rule after replacing what participants report; for comparison.</summary>
/// <param name="name">Kebab-case.</param>
/// <param name="summary">What is played.</param>
/// <param name="mechanism">The rule; null: the document's.</param>
/// <param name="promises">What always holds of the played bids.</param>
/// <param name="play">Bids and asks from the book, and a stream of random numbers of the market's own.</param>
internal sealed class PlayedBids(
    string name, string summary, AuctionMechanism? mechanism, ImmutableArray<Claim> promises, Func<Book, Rng, (double[] Bids, double[] Asks)> play)
    : ISolver<DoubleAuctionMarket, DoubleAuctionOutcome>
{
    public string Name => name;

    public string Summary => summary;

    /// <summary>Each buyer bids uniformly between nothing and her value, into McAfee's rule; asks stay.</summary>
    /// <remarks>
    /// A value below zero is bid as it is. A buyer with several units shades them all by one factor. Source: Fan et al. 2023, Section IV,
    /// whose "random" is not defined; bids above the value would break individual rationality.
    /// </remarks>
    internal static PlayedBids Random { get; } = new(
        "random", "Baseline: every buyer bids uniformly in [0, value], seeded, into McAfee's rule.", AuctionMechanism.Mcafee,
        [Claim.IndividualRationality, Claim.Feasibility, Claim.Matching, Claim.Consistency, Claim.BudgetBalance, Claim.Efficiency],
        static (book, random) =>
        {
            var bids = new double[book.Values.Length];
            var share = 1.0;
            for (var i = 0; i < bids.Length; i++)
            {
                share = i > 0 && book.Buyer(i) == book.Buyer(i - 1) ? share : random.NextDouble();
                bids[i] = book.Values[i] > 0 ? share * book.Values[i] : book.Values[i];
            }

            return (bids, book.Asks);
        });

    /// <summary>Everybody reports the truth, into the document's rule.</summary>
    internal static PlayedBids Truthful { get; } = new(
        "truthful", "Baseline: everybody bids the true value and asks the true cost, into the document's rule.", null,
        [Claim.IndividualRationality, Claim.Feasibility, Claim.Matching, Claim.Consistency],
        static (book, _) => (book.Values, book.Costs));

    public ImmutableArray<Claim> Promises(DoubleAuctionMarket market) => promises;

    /// <remarks>The bound is the welfare of the best trades, before imbalance and latency: no clearing of these markets reaches more.</remarks>
    public Solution<DoubleAuctionOutcome> Solve(DoubleAuctionMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var locals = market.Locals;
        var rule = mechanism ?? market.Mechanism;
        var clearings = ImmutableArray.CreateBuilder<Clearing>(locals.Length);
        var scores = new Scores[locals.Length];
        var bound = 0.0;
        for (var i = 0; i < locals.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var book = Book.Of(locals[i]);
            var (bids, asks) = play(book, Rng.Stream(options.Seed, (ulong)i));
            var (clearing, _) = DoubleAuctionSolver.Clear(market, rule, book with { Bids = bids, Asks = asks }, cancellation);
            scores[i] = Scores.Of(clearing, book);
            bound += FirstBest.Welfare(market.Reward.Welfare, book);
            clearings.Add(clearing with
            {
                PlayedBids = ImmutableCollectionsMarshal.AsImmutableArray(bids),
                PlayedAsks = ImmutableCollectionsMarshal.AsImmutableArray(asks),
            });
        }

        bound = Math.Max(bound, Scores.Objective(market, scores));
        return new(Termination.Candidate, new(rule, clearings.MoveToImmutable()), bound, locals.Length, "a baseline");
    }
}
