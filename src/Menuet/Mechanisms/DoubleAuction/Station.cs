namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>The four roadside units of the square, and the radio between them and vehicles.</summary>
/// <remarks>Source: Fan et al. 2023, Section IV. Deviates: the paper gives neither positions nor a channel; 3GPP's urban loss fills them.</remarks>
internal static class Station
{
    /// <summary>N.</summary>
    internal const int Count = 4;

    /// <summary>Length of the square's side, m.</summary>
    internal const double Side = 1000;

    /// <summary>However little a seller spends, a milliwatt is sent.</summary>
    private const double LowestWatts = 1e-3;

    private const double Quarter = Side / 4;
    private const double HeightMetres = 23.5;
    private const double MegahertzPerChannel = 4;

    /// <summary>ln of the SNR of 1 W at 1 km without shadowing: 30 dBm + 11 dB of gains − 128.1 dB + 114 dBm of noise − 9 dB of noise figure.</summary>
    private const double LogRatioAtKilometre = (30 + 11 - 128.1 + 114 - 9) * PerDecibel;

    private const double PerDecibel = 2.302585092994046 / 10;

    /// <summary>The loss grows by 37.6 dB a decade of distance: a power 3.76 of it, and 1.88 of its square.</summary>
    private const double SquareExponent = 37.6 / 20;

    /// <summary>The nearest unit; of equally near ones the first.</summary>
    internal static int Nearest(double x, double y) => (x > Side / 2 ? 1 : 0) + (y > Side / 2 ? 2 : 0);

    /// <summary>SNR per watt sent from a unit to a place: 10^((17.9 − 37.6 log10 d − X)/10), d in km, the unit's height included.</summary>
    /// <param name="station">Which unit.</param>
    /// <param name="x">Of the vehicle, m.</param>
    /// <param name="y">Of the vehicle, m.</param>
    /// <param name="shadowing">X, dB.</param>
    internal static double RatioPerWatt(int station, double x, double y, double shadowing)
    {
        var dx = x - ((station & 1) == 0 ? Quarter : 3 * Quarter);
        var dy = y - ((station & 2) == 0 ? Quarter : 3 * Quarter);
        var squareKilometres = (dx * dx + dy * dy + HeightMetres * HeightMetres) * 1e-6;
        return Math.Exp(LogRatioAtKilometre - PerDecibel * shadowing - SquareExponent * Math.Log(squareKilometres));
    }

    /// <summary>4 MHz · log2(1 + SNR), Mbit/s.</summary>
    internal static double Rate(double ratioPerWatt, double watts) => MegahertzPerChannel * Math.Log2(1 + ratioPerWatt * Math.Max(watts, LowestWatts));

    /// <summary>Mean rate over sellers, Mbit/s: Σ log2(1 + SNR) is the logarithm of a product, one logarithm for sixteen sellers.</summary>
    /// <remarks>A factor is below 1e16, with the shadowing eight deviations of 16 dB below its mean, so sixteen stay within the range of a double.</remarks>
    internal static double MeanRate(double ratioPerWatt, ReadOnlySpan<double> watts)
    {
        var sum = 0.0;
        for (var first = 0; first < watts.Length; first += 16)
        {
            var product = 1.0;
            foreach (var power in watts.Slice(first, Math.Min(16, watts.Length - first)))
            {
                product *= 1 + ratioPerWatt * Math.Max(power, LowestWatts);
            }

            sum += Math.Log2(product);
        }

        return MegahertzPerChannel * sum / watts.Length;
    }
}
