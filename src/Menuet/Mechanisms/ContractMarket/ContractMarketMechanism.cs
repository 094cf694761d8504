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
            new Planner(), new Equilibrium(),
        ],
        Describe = Describe,
        Audit = OperatorMarketAudit.Check,
        Graded = static (market, answer) => answer with { Objective = Objective(market, answer) },
        AnswerProblems = OperatorMarketAudit.AnswerProblems,
        Tables = OperatorMarketTables.Of,
        Schemes = OperatorMarketSchemes.Compare,
    };

    /// <summary>The path of msmc on a market: after every iteration, what it would have returned.</summary>
    /// <param name="market">UTF-8 JSON of this kind.</param>
    /// <param name="options">Time limit.</param>
    /// <param name="cancellation">Ends the iteration early.</param>
    /// <exception cref="InvalidRequestException">The document is invalid; all problems at once.</exception>
    public static MarketTrace Trace(ReadOnlyMemory<byte> market, SolveOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        return MarketTrace.Of(Door.ReadMarket(market.Span).Market, options, cancellation);
    }

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
                OperatorDeviationGain = outcome.DeviationGains,
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
    /// The smallest truth-telling slack over all ordered pairs, β_n (L_k − L_n) + W_k − W_n with W = R − R̄p. Beyond 200 types a type's own item is among those it is
    /// compared with: the best of all lies on the lower envelope of the lines W_k + βL_k, and the slack is 0 where nothing is violated.
    /// </summary>
    private static double WorstPairSlack(MarketState state)
    {
        var market = state.Market;
        var types = market.Types;
        var worst = double.PositiveInfinity;
        var net = new double[types];
        var hull = new int[types];
        for (var m = 0; m < market.Operators; m++)
        {
            var latencies = state.Latencies.AsSpan(m * types, types);
            for (var n = 0; n < types; n++)
            {
                net[n] = state.Prices[(m * types) + n] - (market.Refund * state.Probabilities[(m * types) + n]);
            }

            var count = types > 200 ? Envelope(latencies, net, hull) : 0;
            var at = 0;
            for (var n = 0; n < types; n++)
            {
                var beta = market.Sensitivity[n];
                if (types <= 200)
                {
                    for (var k = 0; k < types; k++)
                    {
                        worst = k == n ? worst : Math.Min(worst, Slack(beta, latencies, n, k));
                    }

                    continue;
                }

                // Sensitivities fall, so the best item only moves towards longer latencies.
                while (at + 1 < count && Slack(beta, latencies, hull[at], hull[at + 1]) <= 0)
                {
                    at++;
                }

                worst = Math.Min(worst, Math.Min(0, Slack(beta, latencies, n, hull[at])));
            }
        }

        return double.IsPositiveInfinity(worst) ? 0 : worst;

        double Slack(double beta, ReadOnlySpan<double> latencies, int own, int other) => (beta * (latencies[other] - latencies[own])) + (net[other] - net[own]);
    }

    /// <summary>The items on the lower envelope of β ↦ W_k + βL_k, shortest latency first; latencies are nondecreasing.</summary>
    private static int Envelope(ReadOnlySpan<double> latencies, double[] net, int[] hull)
    {
        var count = 0;
        for (var k = 0; k < latencies.Length; k++)
        {
            if (count > 0 && latencies[hull[count - 1]] == latencies[k])
            {
                if (net[hull[count - 1]] <= net[k])
                {
                    continue;
                }

                count--;
            }

            while (count > 1
                && (net[hull[count - 2]] - net[k]) * (latencies[hull[count - 1]] - latencies[hull[count - 2]])
                >= (net[hull[count - 2]] - net[hull[count - 1]]) * (latencies[k] - latencies[hull[count - 2]]))
            {
                count--;
            }

            hull[count++] = k;
        }

        return count;
    }
}
