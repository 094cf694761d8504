using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Tests.Mechanisms.DoubleAuction;

public sealed class DoubleAuctionTests
{
    private static readonly ISolver<DoubleAuctionMarket, DoubleAuctionOutcome>[] Solvers = [.. DoubleAuctionMechanism.Door.SolverList];

    [Fact]
    public void RandomMarkets_AgreeWithTheReference()
    {
        var (exact, reference) = (Solver("mechanism"), Solver("reference"));
        var rules = new HashSet<PricingRule>();
        for (ulong seed = 0; seed < 6000; seed++)
        {
            var market = AuctionMarkets.Draw(seed);
            Assert.Empty(market.Problems());
            var (mine, theirs) = (exact.Solve(market, new(), default), reference.Solve(market, new(), default));
            var objective = Objective(market, mine);
            Close(theirs.Bound, objective, $"objective of {seed}");
            Assert.True(mine.Bound >= objective, $"bound of {seed}");
            for (var i = 0; i < market.Locals.Length; i++)
            {
                var (a, b) = (mine.Outcome!.Markets[i], theirs.Outcome!.Markets[i]);
                rules.Add(a.Rule);
                Assert.Equal(b.EfficientTrades, a.EfficientTrades);
                Assert.Equal(b.Rule, a.Rule);
                Assert.True(b.Buyers.AsSpan().SequenceEqual(a.Buyers.AsSpan()), $"buyers of {seed}");
                Assert.True(b.Sellers.AsSpan().SequenceEqual(a.Sellers.AsSpan()), $"sellers of {seed}");
                Close(b.BuyerPrice, a.BuyerPrice, $"buyer price of {seed}");
                Close(b.SellerPrice, a.SellerPrice, $"seller price of {seed}");
                Assert.Equal(b.Payments.IsDefault, a.Payments.IsDefault || a.Payments.All(payment => payment == 0) && a.Rule == PricingRule.None);
                for (var p = 0; !b.Payments.IsDefault && p < b.Payments.Length; p++)
                {
                    Close(b.Payments[p], a.Payments[p], $"payment of {seed}");
                }

                for (var r = 0; !b.Receipts.IsDefault && r < b.Receipts.Length; r++)
                {
                    Close(b.Receipts[r], a.Receipts[r], $"receipt of {seed}");
                }
            }
        }

        Assert.Equal(7, rules.Count);
    }

    [Fact]
    public void RandomMarkets_KeepEveryPromiseOfEverySolver()
    {
        // Two solvers a market, so that each meets three hundred markets.
        for (ulong seed = 0; seed < 1500; seed++)
        {
            var market = AuctionMarkets.Draw(seed);
            foreach (var solver in new[] { Solvers[(int)(seed % (ulong)Solvers.Length)], Solvers[(int)(seed / 7 % (ulong)Solvers.Length)] })
            {
                var solution = solver.Solve(market, new(Seed: seed), default);
                var answer = DoubleAuctionMechanism.Door.Describe(market, solution);
                Assert.Empty(DoubleAuctionMechanism.Door.AnswerProblems(market, answer));
                var audit = DoubleAuctionMechanism.Door.Audit(market, answer, new(Seed: seed));
                foreach (var certificate in audit.Certificates)
                {
                    Assert.True(
                        certificate.Holds || !solver.Promises(market).Contains(certificate.Claim),
                        $"seed {seed}, {solver.Name}: {certificate.Claim} {certificate.Worst}");
                }

                Assert.True(answer.Objective <= solution.Bound + (1e-12 * (1 + Math.Abs(solution.Bound))), $"seed {seed}, {solver.Name}: {answer.Objective} > {solution.Bound}");
            }
        }
    }

    [Fact]
    public void LargeMarkets_AreAuditedBySample_TheMarginIncluded()
    {
        var random = Rng.Stream(5, 5);
        var (bids, asks) = (new double[3000], new double[2500]);
        for (var i = 0; i < bids.Length; i++)
        {
            bids[i] = random.NextDouble();
        }

        for (var j = 0; j < asks.Length; j++)
        {
            asks[j] = random.NextDouble();
        }

        foreach (var mechanism in Enum.GetValues<AuctionMechanism>())
        {
            var market = AuctionMarkets.Of(bids, asks, mechanism);
            var answer = DoubleAuctionMechanism.Door.Describe(market, Solver("mechanism").Solve(market, new(), default));
            var certificates = DoubleAuctionMechanism.Door.Audit(market, answer, new()).Certificates;
            var truthful = certificates.Single(certificate => certificate.Claim == Claim.Truthfulness);
            Assert.Equal(Evidence.Sampled, truthful.Evidence);
            Assert.Equal(Solver("mechanism").Promises(market).Contains(Claim.Truthfulness), truthful.Holds);
            Assert.All(
                certificates, certificate => Assert.True(certificate.Holds || !Solver("mechanism").Promises(market).Contains(certificate.Claim)));
        }
    }

    private static ISolver<DoubleAuctionMarket, DoubleAuctionOutcome> Solver(string name) => Solvers.Single(solver => solver.Name == name);

    private static double Objective(DoubleAuctionMarket market, Solution<DoubleAuctionOutcome> solution) =>
        DoubleAuctionMechanism.Door.Describe(market, solution).Objective!.Value;

    private static void Close(double expected, double actual, string what) => Assert.True(
        (double.IsNaN(expected) && double.IsNaN(actual)) || Math.Abs(expected - actual) <= 1e-12 * (1 + Math.Abs(expected)),
        $"{what}: {expected:R} expected, {actual:R} found");
}
