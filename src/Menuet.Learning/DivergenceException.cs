using System.Runtime.Intrinsics;

namespace Menuet.Learning;

/// <summary>A number stopped being finite: the message says which, and what to change.</summary>
public sealed class DivergenceException : Exception
{
    /// <summary>An exception without a message.</summary>
    public DivergenceException()
    {
    }

    /// <param name="message">What is not finite, where, and what to do next.</param>
    public DivergenceException(string message)
        : base(message)
    {
    }

    /// <param name="message">What is not finite, where, and what to do next.</param>
    /// <param name="inner">What was caught.</param>
    public DivergenceException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Throws when any number is NaN or infinite.</summary>
    internal static void Require(ReadOnlySpan<float> numbers, string what)
    {
        // x − x is 0 for every finite number and NaN for the others.
        var sum = Vector512<float>.Zero;
        var first = 0;
        for (; first + 16 <= numbers.Length; first += 16)
        {
            var lanes = Vector512.Create(numbers.Slice(first, 16));
            sum += lanes - lanes;
        }
        if (sum == Vector512<float>.Zero)
            numbers = numbers[first..];
        else
            first = 0;
        for (var i = 0; i < numbers.Length; i++)
            if (!float.IsFinite(numbers[i]))
                throw new DivergenceException($"{what}: entry {first + i} is {numbers[i]}");
    }
}
