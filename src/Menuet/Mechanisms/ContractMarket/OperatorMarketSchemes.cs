using System.Collections.Immutable;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>All methods side by side, and the bound none can pass.</summary>
internal static class OperatorMarketSchemes
{
    internal static Comparison Compare(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var door = ContractMarketMechanism.Door;
        var schemes = ImmutableArray.CreateBuilder<Scheme>();
        foreach (var solver in door.SolverList)
        {
            if (solver is OneOperatorMenu && market.Operators.Length > 1)
            {
                continue;
            }

            schemes.Add(Judged(market, solver, CamelCase(solver.Name), solver.Summary));
        }

        if (market.Algorithm.MenuSolver != MenuSolver.PaperLocal)
        {
            schemes.Add(Judged(
                market with { Algorithm = market.Algorithm with { MenuSolver = MenuSolver.PaperLocal } }, door.SolverList[0], "msmcPaperLocal",
                "msmc with the paper's local menus"));
        }

        var bound = WelfareBound.Of(new(market));
        schemes.Add(new(
            "emptyQueues", "no method: every task alone in the queues that suit it best, which bounds welfare and hence, where users have at least nothing, the operators",
            bound, [bound, null, null, null]));
        return new(
            CamelCase(door.SolverList[0].Name),
            [new("welfare", "USD/s"), new("opted out"), new("worst IR slack", "USD"), new("worst IC slack", "USD")], schemes.ToImmutable());

        Scheme Judged(OperatorMarket variant, ISolver<OperatorMarket, MarketOutcome> solver, string name, string meaning)
        {
            var answer = door.Describe(variant, solver.Solve(variant, options, cancellation));
            if (answer.Objective is null)
            {
                return new(name, meaning, null, [null, null, null, null], "numerical trouble");
            }

            var users = Enumerable.Range(0, variant.Types.Length).Sum(variant.Users);
            var away = Enumerable.Range(0, variant.Types.Length).Sum(n => variant.Users(n) * answer.OptOut[n]);
            var unstable = answer.Stable.Any(row => row.Contains(false));
            return new(
                name, meaning, answer.Objective, [answer.SocialWelfare, users > 0 ? away / users : 0, answer.MinIrSlack, answer.MinIcSlack],
                unstable ? "a queue is overloaded: every task of some class is late" : "");
        }
    }

    private static string CamelCase(string kebab)
    {
        var parts = kebab.Split('-');
        return parts[0] + string.Concat(parts.Skip(1).Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
    }
}
