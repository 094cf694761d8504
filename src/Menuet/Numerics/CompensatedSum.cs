namespace Menuet.Numerics;

/// <summary>A running sum that keeps what rounding loses (Neumaier 1974); the error does not grow with the number of terms.</summary>
public struct CompensatedSum
{
    private double sum;
    private double lost;

    /// <summary>The sum so far.</summary>
    public readonly double Value => sum + lost;

    /// <summary>Adds one term.</summary>
    public void Add(double term)
    {
        // Knuth's form of the exact rounding error: no branch on which of the two is larger.
        var next = sum + term;
        var added = next - sum;
        lost += (sum - (next - added)) + (term - added);
        sum = next;
    }

    /// <summary>Adds another sum, with what it keeps.</summary>
    public void Add(CompensatedSum other)
    {
        Add(other.sum);
        Add(other.lost);
    }
}
