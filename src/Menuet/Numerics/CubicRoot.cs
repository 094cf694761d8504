using System.Numerics;

namespace Menuet.Numerics;

/// <summary>Roots of u³ = p u + q for a register of equations, from the basic operations of IEEE 754 alone: the same bits on every machine.</summary>
internal static class CubicRoot
{
    /// <summary>The positive root, within four units in the last place; p = 0 makes it a cube root.</summary>
    /// <param name="linear">p ≥ 0.</param>
    /// <param name="constant">q &gt; 0; the root should lie in [1e-50, 1e50], whose sixth powers are numbers.</param>
    /// <remarks>
    /// √(p + q^(2/3)), with q^(1/3) guessed, is at most a tenth too large, and two steps of fourth order make that 6e-5 and 1e-17.
    /// Source: Householder 1970, "The numerical treatment of a single nonlinear equation", the method of order 4.
    /// </remarks>
    internal static Vector<double> Of(Vector<double> linear, Vector<double> constant)
    {
        var guess = CubeRootGuess(constant);
        return Improved(Improved(Vector.SquareRoot(linear + (guess * guess)), linear, constant), linear, constant);
    }

    private static Vector<double> Improved(Vector<double> root, Vector<double> linear, Vector<double> constant)
    {
        var square = root * root;
        var value = (root * (square - linear)) - constant;
        var slope = (3 * square) - linear;
        var bend = 3 * root * value;
        var slopes = slope * slope;
        return root - (value * ((slopes - bend) / ((slope * (slopes - bend - bend)) + (value * value))));
    }

    /// <summary>Six per cent too large at most: a third of the exponent, and of the digits as if they went on from it.</summary>
    private static Vector<double> CubeRootGuess(Vector<double> x)
    {
        const long one = 1023L << 52;   // the bits of 1, whose root is 1
        var third = Vector.AsVectorInt64(x) - new Vector<long>(one);
        third = (third >> 2) + (third >> 4);   // 5/16, 85/256, 21845/65536
        third += third >> 4;
        third += third >> 8;
        return Vector.AsVectorDouble(third + new Vector<long>(one));
    }
}
