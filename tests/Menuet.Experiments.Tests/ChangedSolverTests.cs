using System.Collections.Immutable;
using Menuet.Experiments.Tests.Papers;
using Menuet.Mechanisms.ContractMarket;
using Menuet.Mechanisms.DoubleAuction;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;
using Menuet.Mechanisms.RewardContract;
using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Experiments.Tests;

/// <summary>A solver that is changed on purpose turns the verdicts that rest on it, and no others: the lists below are complete.</summary>
public sealed class ChangedSolverTests
{
    private static readonly string[] QualityExhibits = ["fig2", "fig6", "fig7", "fig9", "fig11", "fig12", "x-quality-draws"];

    // By paper and exhibits: what several changes of one solver are compared with.
    private static readonly Dictionary<string, QuickRun> Unchanged = [];

    [Fact]
    public void QualityContract_ThatChargesFivePercentTooMuch_IsNoMenu() => AssertTurns(
        "ye", QualityExhibits,
        Changed(QualityContractMechanism.Door, outcome: menu => menu with { Payments = [.. menu.Payments.Select(payment => 1.05 * payment)] }),
        ("ye-quality-menu-holds", "holds", "not supported"),
        ("ye-prompt-users", "partly", "not supported"),
        ("ye-quality-problem-hard", "not supported", "holds"));

    [Fact]
    public void QualityContract_ThatGivesTheUpperTypeLess_IsNoMenu_AndNotMonotone() => AssertTurns(
        "ye", QualityExhibits,
        Changed(QualityContractMechanism.Door, outcome: menu => menu.Steps.Length < 2 ? menu : menu with { Steps = menu.Steps.SetItem(1, menu.Steps[0] - 1) }),
        ("ye-higher-types-get-more", "partly", "not supported"),
        ("ye-quality-gain-8", "cannot hold", "not supported"),
        ("ye-quality-menu-holds", "holds", "not supported"),
        ("ye-quality-problem-hard", "not supported", "holds"));

    [Fact]
    public void LatencyContract_WithASlowUpperType_IsNoMenu_AndGivesItLess() => AssertTurns(
        "ye", ["fig6", "fig9", "fig11", "fig12", "x-latency-draws"],
        Changed(LatencyContractMechanism.Door, outcome: menu => menu with { CpuDenoiseHz = menu.CpuDenoiseHz.SetItem(1, menu.CpuDenoiseHz[1] / 2) }),
        ("ye-faster-type-more", "holds", "partly"),
        ("ye-latency-menu-holds", "holds", "not supported"),
        ("ye-latency-problem-not-concave", "not supported", "partly"),
        ("ye-prompt-latency-users", "partly", "not supported"));

    [Fact]
    public void Pricing_ThatForgetsTheCost_HasNoPriceThatRises() => AssertTurns(
        "lai2025", ["fig2b", "fig2d"],
        Changed(StackelbergPricingMechanism.Door, market => market with { Leader = market.Leader! with { UnitCost = 1 } }),
        ("lai-price-rises-with-cost", "holds", "not supported"));

    [Fact]
    public void Pricing_ThatStopsAtOneOptimum_FindsItUnique() => AssertTurns(
        "lai2025", ["x-capacity"],
        Changed(StackelbergPricingMechanism.Door, outcome: prices => prices with { OptimalPrices = [prices.OptimalPrices[0]] }),
        ("lai-unique-equilibrium", "cannot hold", "holds"));

    [Fact]
    public void Auction_ThatClearsInInputOrder_IsNotStable_NorTruthful() => AssertTurns(
        "fan", ["fig2", "x-truth"], Cleared("sequential-second-price", "sequentialSecondPrice"),
        ("fan-double-auction-stable", "holds", "not supported"),
        ("fan-second-price-best-at-20", "partly", "not supported"),
        ("fan-truthful-learning", "holds", "not supported"));

    [Fact]
    public void Auction_ThatTradesThePairAtTheMarginToo_IsNotTruthful() => AssertTurns(
        "fan", ["x-truth"], Cleared("average", "average"), ("fan-truthful-learning", "holds", "not supported"));

    [Fact]
    public void RewardContract_ThatPaysFivePercentTooMuch_IsNotOptimal() => AssertTurns(
        "wen2025", ["fig4", "table2", "x-environment"],
        Changed(RewardContractMechanism.Door, outcome: menu => menu with { Rewards = [.. menu.Rewards.Select(reward => 1.05 * reward)] }),
        ("wen-traditional-fails", "not supported", "holds"));

    [Fact]
    public void RewardContract_ThatPoolsWhereNoneExists_CostsNothing() => AssertTurns(
        "wen2025", ["fig4", "table2", "x-environment"],
        Changed(RewardContractMechanism.Door, market => market with { OnNonMonotone = NonMonotone.Pool }),
        ("wen-complete-better", "holds", "not supported"),
        ("wen-complete-by-knowledge", "not supported", "partly"),
        ("wen-final-reward", "cannot hold", "not supported"),
        ("wen-not-monotone", "cannot hold", "holds"),
        ("wen-test-reward", "holds", "not supported"),
        ("wen-traditional-fails", "not supported", "holds"));

    [Fact]
    public void ContractMarket_ThatStopsEarly_MissesTheShares_AndTheUtility() => AssertTurns(
        "zhan", ["fig3", "table1", "fig5ab"],
        Changed(ContractMarketMechanism.Door, market => market with { Algorithm = market.Algorithm with { MaxIterations = 5 } }),
        ("zhan-refund-level", "holds", "not supported"),
        ("zhan-table1-shares", "holds", "not supported"));

    [Fact]
    public void ContractMarket_ThatSellsFivePercentTooCheap_MissesTheUtility() => AssertTurns(
        "zhan", ["fig3", "table1", "fig5ab"],
        Changed(ContractMarketMechanism.Door, outcome: menus => menus with { Prices = [.. menus.Prices.Select(price => 0.95 * price)] }),
        ("zhan-refund-level", "holds", "not supported"));

    private static void AssertTurns(string paper, string[] exhibits, IMechanism changed, params (string Claim, string Before, string After)[] turned)
    {
        var made = string.Join(' ', exhibits.Prepend(paper));
        if (!Unchanged.TryGetValue(made, out var before))
        {
            before = Unchanged[made] = new(paper, exhibits, seeds: 1);
        }

        var after = new QuickRun(paper, exhibits, changed, seeds: 1);
        Assert.Empty(before.Summary.Failures.Concat(after.Summary.Failures));
        Assert.Equal(
            turned.Order(),
            before.Verdicts.Select(pair => (pair.Key, pair.Value, after.Verdicts[pair.Key])).Where(verdict => verdict.Item2 != verdict.Item3).Order());
    }

    /// <summary>The mechanism whose preferred solver sees another market, or returns other decisions.</summary>
    private static Mechanism<TMarket, TOutcome, TAnswer> Changed<TMarket, TOutcome, TAnswer>(
        Mechanism<TMarket, TOutcome, TAnswer> shipped, Func<TMarket, TMarket>? market = null, Func<TOutcome, TOutcome>? outcome = null)
        where TMarket : class, IMarket, new()
        where TOutcome : class
        where TAnswer : class, IAnswer, new() =>
        shipped with { SolverList = shipped.SolverList.SetItem(0, new Saboteur<TMarket, TOutcome>(shipped.SolverList[0], market, outcome)) };

    /// <summary>The auction with another rule in the place of McAfee's, for the bidders' truth and for one answer.</summary>
    private static Mechanism<DoubleAuctionMarket, DoubleAuctionOutcome, DoubleAuctionAnswer> Cleared(string solver, string scheme)
    {
        var shipped = DoubleAuctionMechanism.Door;
        return shipped with
        {
            SolverList = [shipped.SolverList.Single(one => one.Name == solver)],
            Schemes = (market, options, cancellation) =>
            {
                var compared = shipped.Schemes(market, options, cancellation);
                var other = compared.Schemes.Single(one => one.Name == scheme) with { Name = "truthful" };
                return compared with { Schemes = [.. compared.Schemes.Select(one => one.Name == other.Name ? other : one)] };
            },
        };
    }

    private sealed class Saboteur<TMarket, TOutcome>(ISolver<TMarket, TOutcome> solver, Func<TMarket, TMarket>? market, Func<TOutcome, TOutcome>? outcome)
        : ISolver<TMarket, TOutcome>
        where TMarket : class, IMarket
        where TOutcome : class
    {
        public string Name => solver.Name;

        public string Summary => solver.Summary;

        public ImmutableArray<Menuet.Claim> Promises(TMarket given) => solver.Promises(given);

        public Solution<TOutcome> Solve(TMarket given, SolveOptions options, CancellationToken cancellation)
        {
            var solution = solver.Solve(market is null ? given : market(given), options, cancellation);
            return solution.Outcome is { } found && outcome is not null ? solution with { Outcome = outcome(found) } : solution;
        }
    }
}
