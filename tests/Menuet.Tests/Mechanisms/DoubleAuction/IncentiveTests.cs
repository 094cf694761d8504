using System.Collections.Immutable;
using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Tests.Mechanisms.DoubleAuction;

/// <summary>What the theorems say, tried with the solvers themselves.</summary>
public sealed class IncentiveTests
{
    /// <summary>Every participant tries every bid of a fine grid, and every other bid's neighbourhood, on a coarse grid of markets full of ties.</summary>
    [Theory]
    [InlineData(AuctionMechanism.Mcafee, MissingSide.Reduce)]
    [InlineData(AuctionMechanism.Mcafee, MissingSide.OneSided)]
    [InlineData(AuctionMechanism.Mcafee, MissingSide.Bounds)]
    [InlineData(AuctionMechanism.TradeReduction, MissingSide.Reduce)]
    [InlineData(AuctionMechanism.Vcg, MissingSide.Reduce)]
    public void NoMisreportPays_UnderTruthfulRules(AuctionMechanism mechanism, MissingSide missing) =>
        Assert.True(LargestGain(mechanism, missing, 400) <= 1e-12);

    [Theory]
    [InlineData(AuctionMechanism.KDouble)]
    [InlineData(AuctionMechanism.Average)]
    [InlineData(AuctionMechanism.SequentialSecondPrice)]
    public void SomeMisreportPays_UnderTheOthers(AuctionMechanism mechanism) =>
        Assert.True(LargestGain(mechanism, MissingSide.Reduce, 60) > 0.01);

    [Theory]
    [InlineData(AuctionMechanism.KDouble, false)]
    [InlineData(AuctionMechanism.Average, false)]
    [InlineData(AuctionMechanism.SequentialSecondPrice, false)]
    [InlineData(AuctionMechanism.Mcafee, true)]
    [InlineData(AuctionMechanism.TradeReduction, true)]
    public void TheAudit_FindsProfitableMisreports(AuctionMechanism mechanism, bool hasUnits)
    {
        var found = 0;
        for (ulong seed = 0; seed < 40; seed++)
        {
            var random = Rng.Stream(seed, 21);
            var market = hasUnits
                ? new DoubleAuctionMarket
                {
                    Mechanism = mechanism,
                    Buyers = [.. Draw(ref random, 4).Select(value => new AuctionBuyer { Units = [value, 0.9 * value, 0.8 * value] })],
                    Sellers = [.. Draw(ref random, 4).Select(cost => new AuctionSeller { Units = [0.8 * cost, 0.9 * cost, cost] })],
                }
                : AuctionMarkets.Of(Draw(ref random, 6), Draw(ref random, 6), mechanism);
            var solution = DoubleAuctionMechanism.Door.SolverList[0].Solve(market, new(), default);
            Assert.DoesNotContain(Claim.Truthfulness, DoubleAuctionMechanism.Door.SolverList[0].Promises(market));
            var audit = DoubleAuctionMechanism.Door.Audit(market, DoubleAuctionMechanism.Door.Describe(market, solution), new());
            found += audit.Certificates.Single(certificate => certificate.Claim == Claim.Truthfulness).Holds ? 0 : 1;
        }

        Assert.True(found > 10, $"found in {found} of 40");
    }

    [Fact]
    public void Vcg_RunsTheDeficitOfItsFormula_AndMcAfeeLosesAtMostOneTrade()
    {
        for (ulong seed = 0; seed < 500; seed++)
        {
            var random = Rng.Stream(seed, 22);
            var (bids, asks) = (Draw(ref random, 8), Draw(ref random, 8));
            var vcg = Clear(AuctionMarkets.Of(bids, asks, AuctionMechanism.Vcg)).Markets[0];
            var mcafee = Clear(AuctionMarkets.Of(bids, asks)).Markets[0];
            Assert.InRange(vcg.Buyers.Length - mcafee.Buyers.Length, 0, 1);
            if (vcg.EfficientTrades > 0)
            {
                Assert.True(vcg.BuyerPrice <= vcg.SellerPrice);
            }

            if (mcafee.Rule == PricingRule.TradeReduction)
            {
                Assert.True(mcafee.BuyerPrice >= mcafee.SellerPrice);
            }
        }
    }

    /// <summary>Free bids on a fine grid into McAfee's rule reach the team optimum, and nothing beyond it.</summary>
    [Fact]
    public void NoBids_BeatTheTeamOptimum_AndSomeReachIt()
    {
        for (ulong seed = 0; seed < 25; seed++)
        {
            var random = Rng.Stream(seed, 23);
            var (values, asks) = (Draw(ref random, 3), Draw(ref random, 3));
            var rates = ImmutableArray.Create<ImmutableArray<double>>([.. Draw(ref random, 3)], [.. Draw(ref random, 3)], [.. Draw(ref random, 3)]);
            var market = new DoubleAuctionMarket
            {
                Buyers = [.. values.Select(value => new AuctionBuyer { Bid = value, ContentKilobytes = 10 })],
                Sellers = [.. asks.Select(ask => new AuctionSeller { Ask = ask })],
                RatesMegabitsPerSecond = [.. rates.Select(row => row.Select(rate => 0.2 + rate).ToImmutableArray())],
            };
            var team = DoubleAuctionMechanism.Door.Schemes(market, new(), default).Schemes.Single(scheme => scheme.Name == "teamOptimum").Objective!.Value;
            double[] levels = [0, .. asks, .. asks.Select(ask => ask + 1e-6), .. asks.Select(ask => ask + 2e-6), 1.25];
            var best = double.NegativeInfinity;
            foreach (var first in levels)
            {
                foreach (var second in levels)
                {
                    foreach (var third in levels)
                    {
                        double[] bids = [first, second, third];
                        var played = market with { Buyers = [.. market.Buyers.Select((buyer, i) => buyer with { Bid = bids[i], Value = values[i] })] };
                        var solution = DoubleAuctionMechanism.Door.SolverList[0].Solve(played, new(), default);
                        best = Math.Max(best, DoubleAuctionMechanism.Door.Describe(played, solution).Objective!.Value);
                    }
                }
            }

            Assert.True(best <= team + 1e-12, $"seed {seed}: {best} beats {team}");
            Assert.True(best >= team - 1e-9, $"seed {seed}: {best} does not reach {team}");
        }
    }

    private static double LargestGain(AuctionMechanism mechanism, MissingSide missing, int markets)
    {
        var largest = double.NegativeInfinity;
        for (ulong seed = 0; seed < (ulong)markets; seed++)
        {
            var random = Rng.Stream(seed, 24);
            var (bids, asks) = (Draw(ref random, 1 + random.NextInt(4), 6), Draw(ref random, 1 + random.NextInt(4), 6));
            var market = AuctionMarkets.Of(bids, asks, mechanism) with { MissingSide = missing, ValueBounds = new() { Min = 0, Max = 1 } };
            for (var who = 0; who < bids.Length + asks.Length; who++)
            {
                var honest = Utility(market, who, bids, asks);
                for (var step = 0; step <= 24; step++)
                {
                    var (changedBids, changedAsks) = ((double[])bids.Clone(), (double[])asks.Clone());
                    (who < bids.Length ? ref changedBids[who] : ref changedAsks[who - bids.Length]) = step / 24.0;
                    var market2 = market with { Buyers = Bidding(changedBids), Sellers = Asking(changedAsks) };
                    largest = Math.Max(largest, Utility(market2, who, bids, asks) - honest);
                }
            }
        }

        return largest;
    }

    private static double Utility(DoubleAuctionMarket market, int who, double[] values, double[] costs)
    {
        var clearing = Clear(market).Markets[0];
        var (isBuyer, index) = who < values.Length ? (true, who) : (false, who - values.Length);
        if (!(isBuyer ? clearing.Buyers : clearing.Sellers).Contains(index))
        {
            return 0;
        }

        return isBuyer
            ? values[index] - (clearing.Payments.IsDefault ? clearing.BuyerPrice : clearing.Payments[index])
            : (clearing.Receipts.IsDefault ? clearing.SellerPrice : clearing.Receipts[index]) - costs[index];
    }

    private static DoubleAuctionOutcome Clear(DoubleAuctionMarket market) => DoubleAuctionMechanism.Door.SolverList[0].Solve(market, new(), default).Outcome!;

    private static ImmutableArray<AuctionBuyer> Bidding(double[] bids) => [.. bids.Select(bid => new AuctionBuyer { Bid = bid })];

    private static ImmutableArray<AuctionSeller> Asking(double[] asks) => [.. asks.Select(ask => new AuctionSeller { Ask = ask })];

    /// <summary>Uniform on [0, 1], or on the multiples of 1/grid.</summary>
    private static double[] Draw(ref Rng random, int count, int grid = 0)
    {
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = grid > 0 ? (double)random.NextInt(grid + 1) / grid : random.NextDouble();
        }

        return values;
    }
}
