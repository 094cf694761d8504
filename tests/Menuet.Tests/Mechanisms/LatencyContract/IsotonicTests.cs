using System.Collections.Immutable;
using Menuet.Mechanisms.LatencyContract;

namespace Menuet.Tests.Mechanisms.LatencyContract;

public sealed class IsotonicTests
{
    private static readonly Isotonic Exact = new();

    [Fact]
    public void RandomMarkets_AgreeWithTheReference()
    {
        var reference = new LatencyReference();
        for (ulong seed = 0; seed < 1500; seed++)
        {
            var market = LatencyMarkets.Draw(seed);
            Assert.Empty(market.Problems());
            var (mine, theirs) = (Exact.Solve(market, new(), default), reference.Solve(market, new(), default));
            Assert.Equal(Termination.Optimal, mine.Termination);
            Assert.Equal(Termination.Converged, theirs.Termination);
            var (answer, expected) = (LatencyContractMechanism.Describe(market, mine), LatencyContractMechanism.Describe(market, theirs));

            // Relative to the money that moves: where revenue and cost nearly cancel, neither solver can know the difference better.
            var turnover = Turnover(market, answer);
            Close(expected.Objective!.Value, answer.Objective!.Value, 1e-9 * turnover, seed, "objective");
            Close(mine.Bound, answer.Objective!.Value, 1e-12 * turnover, seed, "bound");
            for (var j = 0; j < answer.Menu.Length; j++)
            {
                // What a type buys that hardly ever comes is not visible in the objective.
                var (item, other) = (answer.Menu[j], expected.Menu[j]);
                if (item.Probability >= 1e-6)
                {
                    Assert.True(item.Excluded == other.Excluded, $"seed {seed}: excluded({j + 1})");
                    Close(other.ExpectedLatencyReductionSeconds!.Value, item.ExpectedLatencyReductionSeconds!.Value, 1e-6 * market.Terms.MaxLatencySeconds, seed, $"E({j + 1})");
                    Close(other.RateBitPerSecond, item.RateBitPerSecond, 1e-5 * item.RateBitPerSecond, seed, $"r({j + 1})");
                }
            }
        }
    }

    [Fact]
    public void RandomMarkets_KeepEveryPromise()
    {
        for (ulong seed = 0; seed < 3000; seed++)
        {
            var market = LatencyMarkets.Draw(seed, maxTypes: 12);
            var answer = LatencyContractMechanism.Describe(market, Exact.Solve(market, new(), default));
            Holds(LatencyContractMechanism.Door.Audit(market, answer, new()), seed);
        }
    }

    [Fact]
    public void ExtremeMarkets_AreAnsweredTrulyOrNotAtAll()
    {
        var answered = 0;
        for (ulong seed = 0; seed < 5000; seed++)
        {
            var market = LatencyMarkets.DrawExtreme(seed);
            Assert.Empty(market.Problems());
            var solution = Exact.Solve(market, new(), default);
            var answer = LatencyContractMechanism.Describe(market, solution);
            Assert.Equal(solution.Outcome is null, answer.Objective is null);
            if (solution.Outcome is null)
            {
                Assert.Equal(Termination.NumericalTrouble, solution.Termination);
                continue;
            }

            answered++;
            Assert.True(double.IsFinite(answer.Objective!.Value));
            Holds(LatencyContractMechanism.Door.Audit(market, answer, new()), seed);
        }

        Assert.True(answered > 4900);
    }

    [Fact]
    public void CommonValues_AgreeWithTheSameValuesGivenTypeByType()
    {
        for (ulong seed = 0; seed < 1000; seed++)
        {
            var market = LatencyMarkets.Draw(seed, maxTypes: 8);
            var types = market.Terms.Types.Select(t => t with { Overrides = null }).ToImmutableArray();
            if (types.Any(t => t.Probability == 0))
            {
                continue;
            }

            var common = market with { Terms = market.Terms with { Types = types } };
            var own = new LatencyOverrides { MaxLatencySeconds = market.Terms.MaxLatencySeconds };
            var repeated = market with { Terms = market.Terms with { Types = [.. types.Select(t => t with { Overrides = own })] } };
            var (once, repeatedly) = (Exact.Solve(common, new(), default), Exact.Solve(repeated, new(), default));
            Assert.Equal(once.Outcome!.Excluded.AsEnumerable(), repeatedly.Outcome!.Excluded.AsEnumerable());
            var turnover = Turnover(common, LatencyContractMechanism.Describe(common, once));
            Close(once.Bound, repeatedly.Bound, 1e-12 * turnover, seed, "objective");
            for (var j = 0; j < types.Length; j++)
            {
                Close(once.Outcome.RateBitPerSecond[j], repeatedly.Outcome.RateBitPerSecond[j], 1e-7 * once.Outcome.RateBitPerSecond[j], seed, $"r({j + 1})");
                Close(once.Outcome.Payments[j], repeatedly.Outcome.Payments[j], 1e-9 * turnover, seed, $"p({j + 1})");
            }
        }
    }

    [Fact]
    public void ReorderingTypes_ReordersTheMenu()
    {
        for (ulong seed = 0; seed < 500; seed++)
        {
            var market = LatencyMarkets.Draw(seed, maxTypes: 8);
            var rng = Rng.Stream(seed, 3);
            var order = Enumerable.Range(0, market.Terms.Types.Length).OrderBy(_ => rng.NextUInt64()).ToArray();
            var (before, after) = (Exact.Solve(market, new(), default), Exact.Solve(LatencyMarkets.Reordered(market, order), new(), default));
            for (var j = 0; j < order.Length; j++)
            {
                Assert.Equal(before.Outcome!.Excluded[order[j]], after.Outcome!.Excluded[j]);
                Close(before.Outcome.RateBitPerSecond[order[j]], after.Outcome.RateBitPerSecond[j], 1e-7 * after.Outcome.RateBitPerSecond[j], seed, $"r({j + 1})");
            }
        }
    }

    [Fact]
    public void MoreFreedomOrInformation_NeverHurtsTheProvider()
    {
        for (ulong seed = 0; seed < 500; seed++)
        {
            var market = LatencyMarkets.Draw(seed);
            var free = market with { Terms = market.Terms with { AllowExclusion = true } };
            var forced = market with { Terms = market.Terms with { AllowExclusion = false } };
            var room = 1e-9 * Turnover(forced, LatencyContractMechanism.Describe(forced, Exact.Solve(forced, new(), default)));
            Assert.True(Exact.Solve(free, new(), default).Bound >= Math.Max(0, Exact.Solve(forced, new(), default).Bound) - room);
            foreach (var either in new[] { free, forced })
            {
                var schemes = LatencySchemes.Compare(either, new(), default).Schemes.ToDictionary(s => s.Name, s => s.Objective!.Value);
                Assert.True(schemes["completeInformation"] >= schemes["contract"] - room, $"seed {seed}");
                Assert.True(schemes["contract"] >= schemes["uniform"] - room, $"seed {seed}");
            }
        }
    }

    [Fact]
    public void ManyTypes_AgreeWithTheirGroupsMerged()
    {
        // 3,000 types on 30 gains, common values: equal types share one item, so merging them changes nothing.
        var rng = Rng.Stream(5, 0);
        var types = Enumerable.Range(0, 3000).Select(j => new LatencyType { Gain = 10 + (j % 30), Probability = 1.0 / 3000 }).OrderBy(_ => rng.NextUInt64()).ToImmutableArray();
        var merged = Enumerable.Range(0, 30).Select(j => new LatencyType { Gain = 10 + j, Probability = 1.0 / 30 }).ToImmutableArray();
        var market = LatencyMarkets.Draw(0) with { Level = 1, Steps = 13 };
        var (many, few) = (Exact.Solve(market with { Terms = market.Terms with { Types = types } }, new(), default), Exact.Solve(market with { Terms = market.Terms with { Types = merged } }, new(), default));
        Assert.Equal(few.Bound, many.Bound, 1e-9 * Math.Abs(few.Bound));
    }

    [Fact]
    public void EqualGains_MayBeServedInPart()
    {
        // Two types of one gain: one is dear to serve. Alone at the bottom, only the cheap one is worth serving.
        var market = LatencyMarkets.Draw(0) with { Users = 1, Level = 0, Steps = 10 };
        var terms = market.Terms with
        {
            AllowExclusion = true,
            Attempts = Attempts.Given,
            Attempt = 1,
            SuccessModel = null,
            SuccessProbability = 0.9,
            MaxLatencySeconds = 3,
            CyclesPerStep = 6.5e7,
            CapacitanceDenoise = 2.5e-28,
            CostDenoise = 90,
            CostCommunication = 1e-3,
            ResultBits = 1e5,
            ChannelStatus = 4e6,
            Types = [new() { Gain = 20, Probability = 0.5 }, new() { Gain = 20, Probability = 0.5, Overrides = new() { CostDenoise = 90e4 } }],
        };
        var solution = Exact.Solve(market with { Terms = terms }, new(), default);
        Assert.Equal([false, true], solution.Outcome!.Excluded.AsEnumerable());
        Assert.True(solution.Bound > 0);

        // With a third type above that gains little the sets are still the same, and the reference agrees on the value.
        var three = market with { Terms = terms with { Types = [.. terms.Types.Select(t => t with { Probability = 0.4 }), new() { Gain = 21, Probability = 0.2 }] } };
        Assert.Equal(new LatencyReference().Solve(three, new(), default).Bound, Exact.Solve(three, new(), default).Bound, 1e-9);
        Assert.Equal([false, true, false], Exact.Solve(three, new(), default).Outcome!.Excluded.AsEnumerable());
    }

    [Fact]
    public void NobodyWorthServing_IsAnAnswer()
    {
        var market = LatencyMarkets.Draw(0) with { Steps = 20 };
        market = market with { Terms = market.Terms with { AllowExclusion = true, CostCommunication = 1e20, CostDenoise = 1e20 } };
        var answer = LatencyContractMechanism.Describe(market, Exact.Solve(market, new(), default));
        Assert.Equal(0, answer.Objective);
        Assert.All(answer.Menu, item => Assert.True(item.Excluded));
        Holds(LatencyContractMechanism.Door.Audit(market, answer, new()), 0);
    }

    [Fact]
    public void ForcedService_OfThoseWhoNeverPay_IsAtTheDeadline()
    {
        // The virtual value of type 1 is 0.1·20 − 0.9·10 < 0.
        var market = LatencyMarkets.Draw(0) with { Users = 1, Level = 1, Steps = 13 };
        market = market with
        {
            Terms = market.Terms with
            {
                AllowExclusion = false,
                Attempts = Attempts.Given,
                Attempt = 1,
                Types = [new() { Gain = 20, Probability = 0.1 }, new() { Gain = 30, Probability = 0.9 }],
            },
        };
        var answer = LatencyContractMechanism.Describe(market, Exact.Solve(market, new(), default));
        Assert.Equal(0, answer.Menu[0].Payment);
        Assert.Equal(market.Terms.MaxLatencySeconds, answer.Menu[0].LatencySeconds!.Value, 1e-12);
        Assert.True(answer.Menu[0].ExpectedLatencyReductionSeconds >= 0);
    }

    [Fact]
    public void ZeroProbabilityAboveAnotherDeadline_HasNoBestContract()
    {
        // The top type has the shortest deadline and no weight: the one below could always be a little faster.
        var market = LatencyMarkets.Draw(0);
        market = market with
        {
            Level = 0,
            Steps = 10,
            Terms = market.Terms with
            {
                AllowExclusion = false,
                Attempts = Attempts.Given,
                Attempt = 1,
                SuccessModel = null,
                SuccessProbability = 0.9,
                MaxLatencySeconds = 1,
                CostDenoise = 1e-3,
                CostCommunication = 1e-3,
                Types = [new() { Gain = 20, Probability = 1, Overrides = new() { MaxLatencySeconds = 9 } }, new() { Gain = 30, Probability = 0 }],
            },
        };
        Assert.Empty(market.Problems());
        var solution = Exact.Solve(market, new(), default);
        Assert.Equal((Termination.Infeasible, "supremum-not-attained"), (solution.Termination, solution.Reason));
        Assert.Equal("infeasible", LatencyContractMechanism.Describe(market, solution).Status);
    }

    [Fact]
    public void CertainSuccess_LeavesNothingForASecondAttempt()
    {
        var market = LatencyMarkets.Draw(0) with { Level = 1, Steps = 13 };
        market = market with { Terms = market.Terms with { Attempt = 2, Attempts = Attempts.Given, SuccessModel = null, SuccessProbability = 1, AllowExclusion = false } };
        var answer = LatencyContractMechanism.Describe(market, Exact.Solve(market, new(), default));
        Assert.All(answer.Menu, item => Assert.Equal((0, 0), (item.Payment, item.ExpectedLatencyReductionSeconds!.Value)));
        Assert.True(answer.Objective < 0);
        Holds(LatencyContractMechanism.Door.Audit(market, answer, new()), 0);
    }

    [Fact]
    public void HopelessSuccess_NeverServedWhereThatIsAllowed()
    {
        var market = LatencyMarkets.Draw(0) with { Level = 0, Steps = 0 };
        var model = new SuccessModel { Rho = [0, 0, 0, 0, 0, 0], QualityThreshold = 1000, QualitySpread = 0.1 };
        var terms = market.Terms with { Attempts = Attempts.UntilSuccess, Attempt = 1, SuccessProbability = null, SuccessModel = model };
        Assert.Equal(Termination.NumericalTrouble, Exact.Solve(market with { Terms = terms with { AllowExclusion = false } }, new(), default).Termination);
        Assert.Equal(0, Exact.Solve(market with { Terms = terms with { AllowExclusion = true } }, new(), default).Bound);
    }

    internal static void Holds(Audit audit, ulong seed) => Assert.True(
        audit.Holds, $"seed {seed}: {string.Join("; ", audit.Certificates.Where(c => !c.Holds).Select(c => $"{c.Claim} {c.Worst}"))}");

    private static double Turnover(LatencyMarket market, LatencyAnswer answer) =>
        market.Users * answer.Menu.Sum(item => item.Probability!.Value * (item.Payment + item.ProviderCost!.Value));

    private static void Close(double expected, double actual, double tolerance, ulong seed, string what) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance, $"seed {seed}: {what} {actual:R} instead of {expected:R}, off by {actual - expected:G3}, permitted {tolerance:G3}");
}
