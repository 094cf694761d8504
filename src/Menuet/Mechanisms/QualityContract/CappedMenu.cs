namespace Menuet.Mechanisms.QualityContract;

internal sealed class CappedMenu(QualityMarket market, TypeChain chain, ItemGrid grid, SolveOptions options, CancellationToken cancellation)
{
    internal Solution<QualityOutcome> Solve(Allocation uncapped)
    {
        _ = (market, chain, grid, options, cancellation, uncapped);
        return new(Termination.LimitReached, null);
    }
}
