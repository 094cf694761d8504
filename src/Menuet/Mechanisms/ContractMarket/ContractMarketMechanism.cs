using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>Competing operators' latency menus over queues. Source: Zhan et al.</summary>
public static class ContractMarketMechanism
{
    /// <summary>The door.</summary>
    public static Mechanism<OperatorMarket, MarketOutcome, OperatorMarketAnswer> Door { get; } = new()
    {
        Kind = "contract-market",
        Title = "Market of competing latency contracts",
        Source = "Zhan et al.",
        MarketShape = OperatorMarket.Shape,
        AnswerShape = OperatorMarketAnswer.Shape,
        SolverList =
        [
            new MixedStableMatching(), new ContractTheory(), new StaticMatching(), DeferredAcceptance.Benchmark, new OneOperatorMenu(), new QuotaMatching(),
        ],
        Describe = Describe,
        Audit = static (_, _, _) => new([]),
        Graded = static (market, answer) => answer with { Objective = Objective(market, answer) },
        AnswerProblems = static (_, _) => [],
        Tables = static (_, _) => [],
        Schemes = static (_, _, _) => throw new NotSupportedException(),
    };

    /// <summary>The operators' total utility, USD per second, of a state with prices and p.</summary>
    internal static double Objective(MarketState state) => state.OperatorUtility();

    /// <summary>A state that holds decisions, with loads, p and utilities computed from them.</summary>
    internal static MarketState Evaluate(MarketArrays market, ReadOnlySpan<double> shares, ReadOnlySpan<double> latencies, ReadOnlySpan<double> prices)
    {
        var state = new MarketState(market);
        shares.CopyTo(state.Shares);
        latencies.CopyTo(state.Latencies);
        prices.CopyTo(state.Prices);
        state.Load();
        state.Evaluate();
        state.Value();
        return state;
    }

    private static double Objective(OperatorMarket market, OperatorMarketAnswer answer) =>
        Objective(Evaluate(new(market), Flat(answer.Matching), Flat(answer.Latencies), Flat(answer.Prices)));

    private static double[] Flat(ImmutableArray<ImmutableArray<double>> rows) => [.. rows.SelectMany(row => row)];

    private static OperatorMarketAnswer Describe(OperatorMarket market, Solution<MarketOutcome> solution)
    {
        if (solution.Outcome is not { } outcome)
        {
            return new() { Status = "numericalTrouble" };
        }

        var arrays = new MarketArrays(market);
        var state = Evaluate(arrays, outcome.Shares.AsSpan(), outcome.Latencies.AsSpan(), outcome.Prices.AsSpan());
        var objective = Objective(state);
        if (!double.IsFinite(objective))
        {
            return new() { Status = "numericalTrouble" };
        }

        var (operators, types) = (arrays.Operators, arrays.Types);
        var users = state.UserUtility();
        return new()
        {
            Status = DocumentText.CamelCase((solution.Termination == Termination.LimitReached ? Termination.Candidate : solution.Termination).ToString()),
            Objective = objective,
            Method = outcome.Method,
            Tail = DocumentText.KebabCase(market.Algorithm.Tail.ToString()),
            Iterations = outcome.Iterations,
            Converged = outcome.Converged,
            TotalOperatorUtility = objective,
            UserUtility = users,
            SocialWelfare = objective + users,
            OperatorUtility = [.. Enumerable.Range(0, operators).Select(state.OperatorUtility)],
            Matching = Rows(state.Shares, types),
            OptOut = [.. Enumerable.Range(0, types).Select(n => OptOut(state, n))],
            Assignment = outcome.Assignment.IsDefault ? default : [.. outcome.Assignment.Select(m => m + 1.0)],
            Latencies = Rows(state.Latencies, types),
            Prices = Rows(state.Prices, types),
            ViolationProbability = Rows(state.Probabilities, types),
            CumulativeLoad = Rows(state.Loads, types),
            DesignLoad = outcome.DesignLoads.IsDefault ? default : Rows([.. outcome.DesignLoads], types),
            Stable =
            [
                .. Enumerable.Range(0, operators).Select(m => Enumerable.Range(0, types)
                    .Select(n => state.Tails.IsStable((m * state.Tails.Stride) + n)).ToImmutableArray()),
            ],
            MinIrSlack = state.Utilities.Min(),
            MinIcSlack = WorstPairSlack(state),
            Certificate = new()
            {
                WelfareUpperBound = WelfareBound.Of(arrays),
                UserRegret = [.. Enumerable.Range(0, types).Select(n => Regret(state, n))],
            },
        };
    }

    private static ImmutableArray<ImmutableArray<double>> Rows(double[] values, int types) =>
        [.. values.Chunk(types).Select(row => row.ToImmutableArray())];

    private static double OptOut(MarketState state, int n)
    {
        var rest = 1.0;
        for (var m = 0; m < state.Market.Operators; m++)
        {
            rest -= state.Shares[(m * state.Market.Types) + n];
        }

        return Math.Max(0, rest);
    }

    private static double Regret(MarketState state, int n)
    {
        var best = state.Market.Outside;
        var mean = OptOut(state, n) * state.Market.Outside;
        for (var m = 0; m < state.Market.Operators; m++)
        {
            var cell = (m * state.Market.Types) + n;
            best = Math.Max(best, state.Utilities[cell]);
            mean += state.Shares[cell] * state.Utilities[cell];
        }

        return best - mean;
    }

    /// <summary>
    /// The smallest truth-telling slack over all ordered pairs, β_n (L_k − L_n) + W_k − W_n with W = R − R̄p, in O(N log N): over latencies in order, the best
    /// item of a type lies on the lower envelope of the lines W_k + β L_k.
    /// </summary>
    private static double WorstPairSlack(MarketState state)
    {
        var market = state.Market;
        var worst = double.PositiveInfinity;
        for (var m = 0; m < market.Operators; m++)
        {
            for (var n = 0; n < market.Types; n++)
            {
                for (var k = 0; k < market.Types; k++)
                {
                    worst = k == n ? worst : Math.Min(worst, Slack((m * market.Types) + n, (m * market.Types) + k, market.Sensitivity[n]));
                }
            }
        }

        return double.IsPositiveInfinity(worst) ? 0 : worst;

        double Slack(int own, int other, double beta) =>
            (beta * (state.Latencies[other] - state.Latencies[own])) + (state.Prices[other] - state.Prices[own])
            - (market.Refund * (state.Probabilities[other] - state.Probabilities[own]));
    }
}
