namespace Menuet;

/// <summary>
/// The 256 layers of equal area V under e^{−x} and under e^{−x²/2}. Layer i ≥ 1 is the rectangle [0, Edge[i]] × [Height[i], Height[i+1]];
/// layer 0 is the rectangle under the last edge together with the tail beyond it. Edges fall to Edge[256] = 0, heights rise to 1.
/// </summary>
/// <remarks>Source: Marsaglia and Tsang 2000; the last edges R and areas V solve their closing condition to the last digit.</remarks>
internal static class Ziggurat
{
    private const double ExponentialR = 7.697117470131049714044628;
    private const double ExponentialV = 0.003949659822581557219977572;
    private const double NormalR = 3.65415288536100877164543;
    private const double NormalV = 0.004928673233974655347361775;

    internal static readonly double[] ExponentialEdge = Edges(ExponentialR, ExponentialV, PortableMath.Exp(-ExponentialR), h => -PortableMath.Log(h));
    internal static readonly double[] ExponentialHeight = Heights(ExponentialEdge, x => PortableMath.Exp(-x));
    internal static readonly double[] ExponentialScale = Scales(ExponentialEdge);

    internal static readonly double[] NormalEdge =
        Edges(NormalR, NormalV, PortableMath.Exp(-0.5 * NormalR * NormalR), h => Math.Sqrt(-2 * PortableMath.Log(h)));
    internal static readonly double[] NormalHeight = Heights(NormalEdge, x => PortableMath.Exp(-0.5 * x * x));
    internal static readonly double[] NormalScale = Scales(NormalEdge);

    private static double[] Edges(double last, double area, double height, Func<double, double> inverse)
    {
        var edges = new double[257];
        edges[0] = area / height;   // the width that a rectangle of layer 0's area and height would have
        edges[1] = last;
        for (var i = 1; i < 255; i++)
        {
            height += area / edges[i];
            edges[i + 1] = inverse(height);
        }
        return edges;
    }

    private static double[] Heights(double[] edges, Func<double, double> density) => Array.ConvertAll(edges, x => density(x));

    private static double[] Scales(double[] edges) => Array.ConvertAll(edges, x => x * (1.0 / (1UL << 53)));
}
