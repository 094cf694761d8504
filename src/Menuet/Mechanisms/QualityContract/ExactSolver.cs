using System.Collections.Immutable;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>How <see cref="ExactSolver"/> finds the best qualities before a largest payment comes into play.</summary>
internal enum QualityMethod
{
    /// <summary>The fastest that is exact on the market.</summary>
    Automatic,

    /// <summary>The dynamic programme.</summary>
    DynamicProgramme,

    /// <summary>Ironing of virtual values; common costs only.</summary>
    Ironing,
}

/// <summary>The optimal menu.</summary>
/// <remarks>
/// Payments follow from qualities (<see cref="Payments"/>), which leaves a sum over types to be maximised over qualities that do not
/// fall: by <see cref="Ironing"/> for common costs, by each type's own best where these rise (<see cref="Pointwise"/>), by
/// <see cref="MonotoneProgramme"/> otherwise. When the largest payment then binds, <see cref="CappedMenu"/> takes over.
/// Source: Ye et al., Problem 1, which the paper calls non-convex and difficult. Deviates: see <see cref="QualityMarket"/>.
/// </remarks>
internal sealed class ExactSolver(string name, string summary, QualityMethod method) : ISolver<QualityMarket, QualityOutcome>
{
    public string Name => name;

    public string Summary => summary;

    public ImmutableArray<Claim> Promises(QualityMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<QualityOutcome> Solve(QualityMarket market, SolveOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(market);
        var chain = TypeChain.Of(market);
        if (method == QualityMethod.Ironing && !chain.CommonCosts)
        {
            throw new InvalidRequestException([new("$.types", "ironing takes only types of equal costs; use --solver exact")]);
        }

        var grid = ItemGrid.Of(market, chain);
        if (grid.Count == 0 && !market.AllowExclusion)
        {
            return new(Termination.Infeasible, null, Note: "no item can be sold to the lowest type: its quality is negative, or worth less than the smallest payment", Reason: "no-sellable-item");
        }

        var (allocation, by) = Qualities(market, chain, grid, cancellation);
        var payments = new double[chain.Members];
        if (Payments.TryFill(chain, allocation, market, null, payments) && !(payments.Length > 0 && payments.Max() > market.PaymentMax))
        {
            return Finish(market, chain, allocation, payments, by);
        }

        return new CappedMenu(market, chain, grid, options, cancellation).Solve(allocation);
    }

    /// <summary>An optimal menu, or trouble when its numbers are not finite.</summary>
    internal static Solution<QualityOutcome> Finish(QualityMarket market, TypeChain chain, Allocation allocation, double[] payments, string note)
    {
        var outcome = allocation.Outcome(chain, payments);
        var objective = QualityContractMechanism.Objective(market, outcome);
        return double.IsFinite(objective)
            ? new(Termination.Optimal, outcome, objective, chain.Groups, note)
            : new(Termination.NumericalTrouble, null, Note: "the objective is not finite; rescale the market", Reason: "not-finite");
    }

    private (Allocation Allocation, string By) Qualities(QualityMarket market, TypeChain chain, ItemGrid grid, CancellationToken cancellation)
    {
        if (grid.Count == 0)
        {
            var none = new int[chain.Members];
            none.AsSpan().Fill(-1);
            return (Allocation.Of(chain, grid, none), "nothing can be sold");
        }

        if (method != QualityMethod.DynamicProgramme && chain.CommonCosts)
        {
            var ironed = Ironing.Solve(chain, grid, market.AllowExclusion);
            if (FirstPays(market, chain, grid, ironed))
            {
                return (Allocation.Of(chain, grid, ironed), "by ironing");
            }
        }

        if (method == QualityMethod.Automatic && Pointwise.TrySolve(market, chain) is { } own)
        {
            return (own, "every type its own best item");
        }

        var exit = new double[chain.Groups];
        for (var group = 0; group + 1 < chain.Groups; group++)
        {
            exit[group] = chain.Above[group] * (chain.Gain[group + 1] - chain.Gain[group]);
        }

        var choice = new int[chain.Members];
        new MonotoneProgramme(chain, grid, market.AllowExclusion, market.PaymentMin).Solve(new double[chain.Groups], exit, choice, cancellation);
        return (Allocation.Of(chain, grid, choice), "by dynamic programme");
    }

    /// <summary>True when the first served type's quality is worth the smallest payment; without exclusion the grid saw to it.</summary>
    private static bool FirstPays(QualityMarket market, TypeChain chain, ItemGrid grid, ReadOnlySpan<int> choice)
    {
        for (var group = 0; group < choice.Length; group++)
        {
            if (choice[group] >= 0)
            {
                return chain.Gain[group] * grid.Quality[choice[group]] >= market.PaymentMin;
            }
        }

        return true;
    }
}
