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
        var next = sum + term;
        lost += Math.Abs(sum) >= Math.Abs(term) ? sum - next + term : term - next + sum;
        sum = next;
    }

    /// <summary>Adds another sum, with what it keeps.</summary>
    public void Add(CompensatedSum other)
    {
        Add(other.sum);
        Add(other.lost);
    }
}
