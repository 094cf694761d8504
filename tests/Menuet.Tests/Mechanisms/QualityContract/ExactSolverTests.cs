using Menuet.Mechanisms.QualityContract;

namespace Menuet.Tests.Mechanisms.QualityContract;

public sealed class ExactSolverTests
{
    private const int Markets = 3000;

    private static readonly ExactSolver Exact = new("exact", "", QualityMethod.Automatic);
    private static readonly ExactSolver Programme = new("dynamic-programme", "", QualityMethod.DynamicProgramme);
    private static readonly ExactSolver Ironing = new("ironing", "", QualityMethod.Ironing);

    [Fact]
    public void RandomMarkets_AgreeWithTheReference()
    {
        var reference = new QualityReference();
        var (infeasible, excluding, ironed) = (0, 0, 0);
        for (ulong seed = 0; seed < Markets; seed++)
        {
            var market = QualityMarkets.Draw(seed);
            Assert.Empty(market.Problems());
            var expected = reference.Solve(market, new(), default);
            Agrees(expected, Exact.Solve(market, new(), default), market, $"seed {seed}, exact");
            Agrees(expected, Programme.Solve(market, new(), default), market, $"seed {seed}, programme");
            if (market.Types.All(t => t.CostPerLevel == market.Types[0].CostPerLevel && t.CostPerStep == market.Types[0].CostPerStep))
            {
                Agrees(expected, Ironing.Solve(market, new(), default), market, $"seed {seed}, ironing");
                ironed++;
            }

            infeasible += expected.Outcome is null ? 1 : 0;
            excluding += expected.Outcome?.Excluded.Contains(true) == true ? 1 : 0;
        }

        Assert.InRange(infeasible, Markets / 100, Markets / 3);
        Assert.InRange(excluding, Markets / 20, Markets / 2);
        Assert.InRange(ironed, Markets / 10, Markets);
    }

    [Fact]
    public void RandomMarketsUnderACap_AgreeWithTheReference()
    {
        var reference = new QualityReference();
        var binding = 0;
        for (ulong seed = 0; seed < Markets; seed++)
        {
            var market = QualityMarkets.DrawCapped(seed);
            Assert.Empty(market.Problems());
            var found = Exact.Solve(market, new(), default);
            Agrees(reference.Solve(market, new(), default), found, market, $"seed {seed}");
            binding += found.Note.Contains("binds", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.InRange(binding, Markets / 3, Markets);
    }

    [Fact]
    public void RandomMarkets_KeepEveryPromise()
    {
        for (ulong seed = 0; seed < Markets; seed++)
        {
            var market = seed % 2 == 0 ? QualityMarkets.Draw(seed) : QualityMarkets.DrawCapped(seed);
            var answer = QualityContractMechanism.Door.Describe(market, Exact.Solve(market, new(), default));
            if (answer.Objective is null)
            {
                continue;
            }

            Assert.Empty(QualityContractMechanism.Door.AnswerProblems(market, answer));
            var audit = QualityContractMechanism.Door.Audit(market, answer, new());
            Assert.True(audit.Holds, $"seed {seed}: {string.Join(", ", audit.Certificates.Where(c => !c.Holds).Select(c => $"{c.Claim} {c.Worst}"))}");
        }
    }

    [Fact]
    public void NumbersOfAllSizes_AgreeWithTheReferenceAndKeepEveryPromise()
    {
        var reference = new QualityReference();
        for (ulong seed = 0; seed < Markets; seed++)
        {
            var market = QualityMarkets.DrawExtreme(seed);
            Assert.Empty(market.Problems());
            var (expected, found) = (reference.Solve(market, new(), default), Exact.Solve(market, new(), default));
            Assert.True(expected.Termination == found.Termination, $"seed {seed}: {found.Termination} for {expected.Termination}");
            if (expected.Outcome is null)
            {
                continue;
            }

            // What rounding leaves of the largest terms is all that can be asked of a difference of them.
            var size = market.Types.Select((t, i) => t.Probability
                * (Math.Abs(expected.Outcome.Payments[i]) + (t.CostPerLevel * expected.Outcome.Levels[i]) + (t.CostPerStep * expected.Outcome.Steps[i]))).Sum();
            var theirs = QualityContractMechanism.Objective(market, expected.Outcome);
            Assert.True(Math.Abs(theirs - found.Bound) <= Math.Max(1e-9 * Math.Abs(theirs), 1e-12 * market.Users * size), $"seed {seed}: {found.Bound} for {theirs}");
            var answer = QualityContractMechanism.Door.Describe(market, found);
            Assert.True(QualityContractMechanism.Door.Audit(market, answer, new()).Holds, $"seed {seed}");
        }
    }

    [Fact]
    public void ManyTypes_AllWaysAgree()
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            var market = Large(seed, types: 300, common: true);
            var ironed = Ironing.Solve(market, new(), default);
            var programmed = Programme.Solve(market, new(), default);
            Assert.Equal(1, ironed.Bound / programmed.Bound, 1e-12);
            var bound = Programme.Solve(market with { AllowExclusion = true }, new(), default).Bound;
            Assert.True(bound >= programmed.Bound, $"seed {seed}: exclusion cannot hurt");
        }
    }

    [Fact]
    public void EqualGainsWithDifferentCosts_MatchAPlainProgrammeOverAllIntervals()
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            var market = Large(seed, types: 40, common: false);
            market = market with { Types = [.. market.Types.Select(t => t with { Gain = Math.Ceiling(t.Gain / 60) * 60 })] };
            Assert.Equal(1, Exact.Solve(market, new(), default).Bound / market.Users / PlainProgramme(market), 1e-10);
        }
    }

    [Fact]
    public void CostsThatRiseWithTheGain_NeedNoProgramme()
    {
        var market = Large(1, types: 5, common: false);
        market = market with
        {
            Types = [.. Enumerable.Range(0, 5).Select(i => new QualityType { Gain = 200 + (30 * i), Probability = 0.2, CostPerLevel = 8 + (0.01 * i), CostPerStep = 1 })],
        };
        var solution = Exact.Solve(market, new(), default);
        Assert.Equal("every type its own best item", solution.Note);
        Assert.Equal(1, solution.Bound / Programme.Solve(market, new(), default).Bound, 1e-12);
    }

    [Fact]
    public void IroningOfDifferentCosts_IsRefusedWithAPath()
    {
        var market = Large(1, types: 5, common: false);
        var error = Assert.Throws<InvalidRequestException>(() => Ironing.Solve(market, new(), default));
        Assert.Equal("$.types", error.Problems[0].Path);
    }

    [Fact]
    public void ReferenceOfManyTypes_IsRefusedWithAPath()
    {
        var error = Assert.Throws<InvalidRequestException>(() => new QualityReference().Solve(Large(1, 5, true), new(), default));
        Assert.Equal("$.types", error.Problems[0].Path);
    }

    [Fact]
    public void OneType_IsFirstBest()
    {
        var market = Large(3, types: 1, common: true);
        var outcome = Exact.Solve(market, new(), default).Outcome!;
        var type = market.Types[0];
        Assert.Equal(type.Gain * market.Quality(outcome.Levels[0], outcome.Steps[0]), outcome.Payments[0]);
    }

    [Fact]
    public void FloorThatNobodyPays_IsInfeasibleWithoutExclusion_AndServesNobodyWithIt()
    {
        var market = Large(3, types: 4, common: true) with { PaymentMin = 1e9 };
        var solution = Exact.Solve(market, new(), default);
        Assert.Equal(Termination.Infeasible, solution.Termination);
        Assert.Equal("no-sellable-item", solution.Reason);
        var excluding = Exact.Solve(market with { AllowExclusion = true }, new(), default);
        Assert.All(excluding.Outcome!.Excluded, Assert.True);
        Assert.Equal(0, excluding.Bound);
    }

    [Theory]
    [InlineData(1e30, 1e-40)]
    [InlineData(1e-40, 1e30)]
    [InlineData(1e30, 1e30)]
    public void Extremes_GiveFiniteAnswersThatKeepTheirPromises(double gain, double cost)
    {
        var market = Large(3, types: 3, common: false);
        market = market with { Users = 1e30, Types = [.. market.Types.Select(t => t with { Gain = t.Gain / 400 * gain, CostPerLevel = cost, CostPerStep = cost * t.CostPerStep / 10 })] };
        foreach (var candidate in new[] { market, market with { AllowExclusion = true } })
        {
            var answer = QualityContractMechanism.Door.Describe(candidate, Exact.Solve(candidate, new(), default));
            Assert.True(double.IsFinite(answer.Objective!.Value));
            Assert.True(QualityContractMechanism.Door.Audit(candidate, answer, new()).Holds);
        }
    }

    [Fact]
    public void CapOnManyTypes_IsAnsweredWithABound()
    {
        var market = Large(5, types: 3000, common: false) with { PaymentMax = 100 };
        var solution = Exact.Solve(market, new(), default);
        var answer = QualityContractMechanism.Door.Describe(market, solution);
        Assert.True(answer.Status is "optimal" or "feasible");
        Assert.True(solution.Bound >= answer.Objective!.Value * (1 - 1e-12));
        Assert.True(QualityContractMechanism.Door.Audit(market, answer, new()).Holds);
        Assert.True(answer.Status == "optimal" || answer.ObjectiveUpperBound == solution.Bound);
    }

    [Fact]
    public void Cancellation_IsObeyed()
    {
        var market = Large(5, types: 3000, common: false);
        Assert.Throws<OperationCanceledException>(() => Programme.Solve(market, new(), new CancellationToken(canceled: true)));
    }

    [Fact]
    public void SameMarket_GivesTheSameBitsAndIgnoresTheOrderOfTypes()
    {
        var market = Large(6, types: 500, common: false);
        var (first, second) = (Exact.Solve(market, new(), default), Exact.Solve(market, new(), default));
        Assert.True(first.Outcome!.Payments.SequenceEqual(second.Outcome!.Payments));
        var reversed = Exact.Solve(market with { Types = [.. market.Types.Reverse()] }, new(), default);
        Assert.True(first.Outcome.Payments.SequenceEqual(reversed.Outcome!.Payments.Reverse()));
    }

    internal static QualityMarket Large(ulong seed, int types, bool common)
    {
        var rng = Rng.Stream(seed, 7);
        var list = new QualityType[types];
        for (var i = 0; i < types; i++)
        {
            list[i] = new()
            {
                Gain = 1 + (399 * rng.NextDouble()),
                Probability = rng.NextDoubleOpen(),
                CostPerLevel = common ? 8 : 1 + (9 * rng.NextDouble()),
                CostPerStep = common ? 1 : 1 + (9 * rng.NextDouble()),
            };
        }

        var sum = list.Sum(t => t.Probability);
        return new()
        {
            Users = 20,
            QualityModel = new() { Rho = [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307] },
            LevelMin = 0,
            LevelMax = 3,
            StepsMin = 4,
            StepsMax = 20,
            Types = [.. list.Select(t => t with { Probability = t.Probability / sum })],
        };
    }

    /// <summary>The group recursion of the theory, written out: every lowest and highest quality, members choosing between them.</summary>
    private static double PlainProgramme(QualityMarket market)
    {
        var items = (from l in Enumerable.Range(market.LevelMin, 4) from s in Enumerable.Range(market.StepsMin, 17) select (l, s, a: market.Quality(l, s)))
            .Where(item => item.a >= 0).OrderBy(item => item.a).ToArray();
        var groups = market.Types.GroupBy(t => t.Gain).OrderBy(g => g.Key).ToArray();
        var value = new double[items.Length];
        for (var g = 0; g < groups.Length; g++)
        {
            var above = groups.Skip(g + 1).Sum(later => later.Sum(t => t.Probability));
            var next = new double[items.Length];
            Array.Fill(next, double.NegativeInfinity);
            for (var low = 0; low < items.Length; low++)
            {
                var best = groups[g].Select(_ => double.NegativeInfinity).ToArray();
                for (var high = low; high < items.Length; high++)
                {
                    var sum = 0.0;
                    var member = 0;
                    foreach (var type in groups[g])
                    {
                        var worth = type.Probability * ((type.Gain * items[high].a) - (type.CostPerLevel * items[high].l) - (type.CostPerStep * items[high].s));
                        best[member] = Math.Max(best[member], worth);
                        sum += best[member++];
                    }

                    var rent = g + 1 < groups.Length ? above * (groups[g + 1].Key - groups[g].Key) * items[high].a : 0;
                    next[high] = Math.Max(next[high], (g == 0 ? 0 : value[..(low + 1)].Max()) + sum - rent);
                }
            }

            value = next;
        }

        return value.Max();
    }

    private static void Agrees(Solution<QualityOutcome> expected, Solution<QualityOutcome> found, QualityMarket market, string where)
    {
        Assert.True(expected.Termination == found.Termination, $"{where}: {found.Termination} for {expected.Termination}");
        if (expected.Outcome is null)
        {
            Assert.Null(found.Outcome);
            return;
        }

        var (theirs, mine) = (QualityContractMechanism.Objective(market, expected.Outcome), QualityContractMechanism.Objective(market, found.Outcome!));
        var size = market.Users * market.Types.Select((type, i) => type.Probability * Math.Abs(expected.Outcome.Payments[i])).Sum();
        Assert.True(Math.Abs(theirs - mine) <= 1e-9 * Math.Max(Math.Abs(theirs), 1e-3 * size), $"{where}: {mine} for {theirs}");
    }
}
