using System.Collections.Immutable;
using System.Diagnostics;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>Menus from which no operator gains by another menu when users choose again: iterated best responses, with the largest gain found and a bound on any.</summary>
/// <remarks>
/// <para>The game is that of <see cref="OperatorGame"/>. It is solved at falling temperatures down to the market's final one, each time by best responses in turn
/// (<see cref="MenuSearch"/>), damped when they overshoot. Then every operator searches from many random menus for a deviation that a local search has missed; if it gains, play
/// goes on from there.</para>
/// <para>Guarantee: IC at the loads it returns; IR only where competition brings it about, since an operator may ask any price. The note states ε two ways: the most that any operator was found to gain, and, by <see cref="DeviationBound"/>, what none can
/// exceed with any menu at all. Converged when the first is at most a millionth of what operators earn together; Candidate with the profile of least ε when play does not settle.</para>
/// <para>Source: ours; Zhan et al., Theorem 1, claims an equilibrium that its algorithm does not reach.</para>
/// </remarks>
internal sealed class Equilibrium : ISolver<OperatorMarket, MarketOutcome>
{
    internal const double Settled = 1e-6;

    public string Name => "equilibrium";

    public string Summary => "Menus from which no operator gains by any other, with users choosing again by logit: best responses in turn, and a proven bound on every gain.";

    public ImmutableArray<Claim> Promises(OperatorMarket market) =>
        [Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<MarketOutcome> Solve(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var play = Play(new(market), options, cancellation);
        var state = play.State();
        var found = play.Gains.Max();
        var bound = play.Bounds.Max();
        var total = state.OperatorUtility();
        state.Value();
        var welfare = total + state.UserUtility();
        var most = WelfareRelaxation.Of(state.Market, welfare, () => cancellation.IsCancellationRequested || play.IsCutShort);
        var termination = play.IsCutShort ? Termination.LimitReached
            : found <= Settled * Math.Abs(total) ? Termination.Converged : Termination.Candidate;
        var solution = MarketOutcome.From(state, Name, termination, play.Rounds);
        return solution.Outcome is null ? solution : solution with
        {
            Outcome = play.IsSearched ? solution.Outcome with { DeviationGains = [.. play.Gains] } : solution.Outcome,
            Note = (play.IsSearched
                    ? FormattableString.Invariant($"the most that an operator was found to gain by another menu is {found:g2} USD/s")
                    : "play was cut short before any search for gains")
                + (double.IsFinite(bound) ? FormattableString.Invariant($"; none can gain more than {bound:g2} USD/s, {100 * bound / Math.Max(Math.Abs(total), double.Epsilon):g2} % of what they earn together") : "")
                + FormattableString.Invariant($"; welfare is {welfare:g5} USD/s, and cannot be more than {most:g5} under any matching and prices"),
        };
    }

    /// <summary>Plays to the end.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before the first round.</exception>
    internal static MenuPlay Play(MarketArrays market, SolveOptions options, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var begin = Stopwatch.GetTimestamp();
        var play = new MenuPlay(market, options, Stop);
        play.Settle();
        play.Verify(Rng.Stream(options.Seed, 0));
        play.Certify();
        return play;

        bool Stop() => cancellation.IsCancellationRequested || (options.TimeLimit is { } limit && Stopwatch.GetElapsedTime(begin) > limit);
    }
}

/// <summary>Operators that answer one another's menus.</summary>
internal sealed class MenuPlay
{
    private const double Quiet = 1e-11;        // of the total, below which gains are rounding
    private const double Coarse = 1e-3;        // last steps of the search, in temperatures
    private const double Fine = 1e-6;
    private const int Patience = 12;
    private const int Restarts = 72;           // random menus, all operators together
    private const double Effort = 4e7;         // types of menus evaluated
    private const int LargestCertified = 2000; // operators × types

    private readonly MarketArrays market;
    private readonly OperatorGame game;
    private readonly MenuSearch search;
    private readonly Func<bool> stop;
    private readonly int limit;
    private readonly double[][] menus;         // v_1, s_1, …
    private readonly double[][] best;          // of the profile with the least gain
    private readonly double[] utilities;

    internal MenuPlay(MarketArrays market, SolveOptions options, Func<bool> stop)
    {
        this.market = market;
        this.stop = stop;
        limit = options.MaxIterations;
        game = new(market);
        search = new(market, game, Spent);
        utilities = new double[market.Operators * market.Types];
        Gains = new double[market.Operators];
        Bounds = new double[market.Operators];
        menus = Begin();
        best = [.. menus.Select(menu => menu.ToArray())];
    }

    /// <summary>Rounds in which everybody answered once.</summary>
    internal int Rounds { get; private set; }

    /// <summary>Whether time, iterations or effort ended play before it settled.</summary>
    internal bool IsCutShort { get; private set; }

    /// <summary>Whether gains were looked for.</summary>
    internal bool IsSearched { get; private set; }

    /// <summary>The most each operator was found to gain by another menu, USD per second.</summary>
    internal double[] Gains { get; }

    /// <summary>What each cannot gain more than, USD per second; +∞ when unknown.</summary>
    internal double[] Bounds { get; }

    /// <summary>Plays at falling temperatures down to the market's.</summary>
    internal void Settle()
    {
        var final = market.Algorithm.FinalTemperature;
        game.Temperature = Math.Max(final, 0.05 * market.Worth.Max());
        while (game.Temperature > final && !Ended())
        {
            Answer(10, 1e-3, Coarse);
            game.Temperature = Math.Max(final, 0.5 * game.Temperature);
        }

        game.Temperature = final;
        Answer(400, Quiet, Fine);
    }

    /// <summary>Looks for gains from far away; what is found is played on.</summary>
    internal void Verify(Rng rng)
    {
        IsSearched = !Spent();
        var restarts = Math.Clamp(Restarts / market.Operators, 4, 24);
        for (var round = 0; round < 4; round++)
        {
            Restore();
            var total = 0.0;
            var improved = false;
            for (var m = 0; m < market.Operators; m++)
            {
                var now = search.Profit(m, menus[m], utilities);
                total += Math.Abs(now);
                var top = menus[m].ToArray();
                var most = search.Improve(m, utilities, top, 4, Fine);
                for (var i = 0; i < restarts && !Ended(); i++)
                {
                    var menu = Draw(ref rng, m);
                    var value = search.Improve(m, utilities, menu, 8, i + 1 == restarts ? Fine : Coarse);
                    if (value > most)
                    {
                        most = search.Improve(m, utilities, menu, 1, Fine);
                        top = menu;
                    }
                }

                Gains[m] = Math.Max(0, most - now);
                if (Gains[m] > Equilibrium.Settled * Math.Max(total, Math.Abs(now)) && round < 3 && !Ended())
                {
                    top.CopyTo(menus[m], 0);
                    Publish(m);
                    improved = true;
                }
            }

            if (!improved)
            {
                break;
            }

            Answer(200, Quiet, Fine);
        }
    }

    /// <summary>Bounds every gain.</summary>
    internal void Certify()
    {
        var rivals = new double[market.Types];
        for (var m = 0; m < market.Operators; m++)
        {
            var now = search.Profit(m, menus[m], utilities);
            game.Rivals(m, utilities, rivals);
            Bounds[m] = stop() || (long)market.Operators * market.Types > LargestCertified ? double.PositiveInfinity : DeviationBound.Of(market, m, rivals, game.Temperature, now) - now;
            IsCutShort |= stop();
        }
    }

    /// <summary>The profile with shares, loads, latencies and prices.</summary>
    internal MarketState State()
    {
        var state = new MarketState(market);
        for (var m = 0; m < market.Operators; m++)
        {
            search.Profit(m, menus[m], utilities);
            for (var n = 0; n < market.Types; n++)
            {
                var cell = (m * market.Types) + n;
                state.Shares[cell] = game.Share(n);
                state.Latencies[cell] = game.Latencies[n];
                state.Prices[cell] = market.Worth[m] - (market.Sensitivity[n] * game.Latencies[n]) - game.Utilities[n];
            }
        }

        state.Load();
        state.Evaluate();
        for (var cell = 0; cell < state.Prices.Length; cell++)
        {
            state.Prices[cell] += market.Refund * state.Probabilities[cell];
        }

        return state;
    }

    /// <summary>Best responses in turn until none gains more than a part of the total, keeping the profile of least gain.</summary>
    private void Answer(int rounds, double part, double precision)
    {
        var (least, since, pace) = (double.PositiveInfinity, 0, 1.0);
        for (var round = 0; round < rounds && !Ended(); round++)
        {
            Rounds++;
            var (gain, total) = (0.0, 0.0);
            for (var m = 0; m < market.Operators; m++)
            {
                var menu = menus[m].ToArray();
                var now = search.Profit(m, menu, utilities);
                gain = Math.Max(gain, search.Improve(m, utilities, menu, 4, precision) - now);
                total += Math.Abs(now);
                for (var n = 0; n < menu.Length; n++)
                {
                    menus[m][n] += pace * (menu[n] - menus[m][n]);
                }

                Publish(m);
            }

            since++;
            if (gain < least)
            {
                since = gain < 0.9 * least ? 0 : since;
                least = gain;
                Keep();
            }

            if (gain <= part * total)
            {
                break;
            }

            if (since > Patience)
            {
                (since, pace) = (0, 0.5 * pace);
                if (pace < 0.02)
                {
                    break;
                }
            }
        }

        Restore();
    }

    /// <summary>The menus of equal shares, with nothing left to the most sensitive type.</summary>
    private double[][] Begin()
    {
        var state = new MarketState(market);
        state.LoadEvenly(1.0 / market.Operators);
        state.Design(0, MenuSolver.Global);
        var result = new double[market.Operators][];
        for (var m = 0; m < result.Length; m++)
        {
            result[m] = new double[market.Types];
            result[m][0] = Math.Max(0, market.Outside);
            state.Latencies.AsSpan(m * market.Types, market.Types - 1).CopyTo(result[m].AsSpan(1));
            game.Promise(result[m], utilities.AsSpan(m * market.Types, market.Types));
        }

        return result;
    }

    /// <summary>A menu at random: any level, or one near the present; slopes more often short than long.</summary>
    private double[] Draw(ref Rng rng, int m)
    {
        var menu = new double[market.Types];
        var room = Math.Max(10 * game.Temperature, market.Worth[m] - market.Cost[m] - market.Outside);
        menu[0] = rng.NextInt(2) == 0
            ? market.Outside + (room * ((1.2 * rng.NextDouble()) - 0.2))
            : menus[m][0] + (room * 0.3 * (rng.NextDouble() - 0.6));
        for (var n = 1; n < menu.Length; n++)
        {
            var place = rng.NextDouble();
            menu[n] = market.MinLatency + ((market.MaxLatency - market.MinLatency) * place * place);
        }

        menu.AsSpan(1).Sort();
        return menu;
    }

    private bool Ended()
    {
        var ended = Rounds >= limit || Spent();
        IsCutShort |= ended;
        return ended;
    }

    private bool Spent() => search.Evaluations * market.Types * LatencyTails.Expense(market.Algorithm.Tail) > Effort || stop();

    private void Publish(int m) => game.Promise(menus[m], utilities.AsSpan(m * market.Types, market.Types));

    private void Keep()
    {
        for (var m = 0; m < menus.Length; m++)
        {
            menus[m].CopyTo(best[m], 0);
        }
    }

    private void Restore()
    {
        for (var m = 0; m < menus.Length; m++)
        {
            best[m].CopyTo(menus[m], 0);
            Publish(m);
        }
    }
}
