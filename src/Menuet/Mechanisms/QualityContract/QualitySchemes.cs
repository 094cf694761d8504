namespace Menuet.Mechanisms.QualityContract;

internal static class QualitySchemes
{
    internal static Comparison Compare(QualityMarket market, SolveOptions options, CancellationToken cancellation) => throw new NotSupportedException();
}
