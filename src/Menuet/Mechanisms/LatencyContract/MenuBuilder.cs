using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>Receives the decisions, type by type; what it never hears of is excluded.</summary>
internal sealed class MenuBuilder(int count)
{
    private readonly double[] prompt = new double[count];
    private readonly double[] denoise = new double[count];
    private readonly double[] rate = new double[count];
    private readonly double[] payments = new double[count];
    private int served;

    /// <summary>False once a speed has overflowed or vanished.</summary>
    internal bool IsFinite { get; private set; } = true;

    /// <summary>Gives one item to the types at some positions of an order.</summary>
    /// <param name="order">Types; null: positions are types.</param>
    /// <param name="start">First position.</param>
    /// <param name="end">Behind the last position.</param>
    /// <param name="speeds">x, y, r.</param>
    /// <param name="payment">p.</param>
    internal void Serve(int[]? order, int start, int end, in Speeds speeds, double payment)
    {
        IsFinite &= double.IsFinite(speeds.Prompt + speeds.Denoise + speeds.Rate) && speeds.Rate > 0;
        served += end - start;
        if (end - start == 1)
        {
            var type = order is null ? start : order[start];
            (prompt[type], denoise[type], rate[type], payments[type]) = (speeds.Prompt, speeds.Denoise, speeds.Rate, payment);
            return;
        }

        if (order is null)
        {
            prompt.AsSpan(start, end - start).Fill(speeds.Prompt);
            denoise.AsSpan(start, end - start).Fill(speeds.Denoise);
            rate.AsSpan(start, end - start).Fill(speeds.Rate);
            payments.AsSpan(start, end - start).Fill(payment);
            return;
        }

        foreach (var type in order.AsSpan(start, end - start))
        {
            (prompt[type], denoise[type], rate[type], payments[type]) = (speeds.Prompt, speeds.Denoise, speeds.Rate, payment);
        }
    }

    internal LatencyOutcome Outcome()
    {
        // Whoever is served sends at a positive rate.
        var excluded = new bool[count];
        for (var j = 0; served < count && j < count; j++)
        {
            excluded[j] = rate[j] == 0;
        }

        return new(
            ImmutableCollectionsMarshal.AsImmutableArray(prompt), ImmutableCollectionsMarshal.AsImmutableArray(denoise),
            ImmutableCollectionsMarshal.AsImmutableArray(rate), ImmutableCollectionsMarshal.AsImmutableArray(payments),
            ImmutableCollectionsMarshal.AsImmutableArray(excluded));
    }
}
