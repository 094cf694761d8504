namespace Menuet.Learning;

/// <summary>What was played under one policy: some steps of all rows, step by step.</summary>
internal sealed class Rollout(int rows, int steps, int observationSize, int actionSize)
{
    internal int Rows => rows;

    internal int Steps => steps;

    internal int Count => rows * steps;

    internal float[] Observations { get; } = new float[rows * steps * observationSize];

    internal float[] Samples { get; } = new float[rows * steps * actionSize];

    internal float[] Actions { get; } = new float[rows * steps * actionSize];

    internal float[] LogProbabilities { get; } = new float[rows * steps];

    internal float[] Rewards { get; } = new float[rows * steps];

    internal float[] Values { get; } = new float[rows * steps];

    /// <summary>Value of what follows a step: 0 where the episode terminated, the critic's estimate where it was cut off or the rollout ends.</summary>
    internal float[] NextValues { get; } = new float[rows * steps];

    internal Status[] Statuses { get; } = new Status[rows * steps];

    internal float[] Advantages { get; } = new float[rows * steps];

    internal float[] Returns { get; } = new float[rows * steps];

    internal Span<float> At(float[] buffer, int step, int width = 1) => buffer.AsSpan(step * rows * width, rows * width);

    /// <summary>Generalised advantages A_t = δ_t + γλ A_{t+1} within an episode, δ_t = r_t + γ V_{t+1} − V_t; returns are A + V.</summary>
    /// <remarks>Source: Schulman et al. 2016, Eqs. (11) to (16). After a cut-off the future is the critic's estimate, after a termination 0.</remarks>
    internal void Judge(float discount, float decay)
    {
        for (var row = 0; row < rows; row++)
        {
            var advantage = 0f;
            for (var step = steps - 1; step >= 0; step--)
            {
                var i = step * rows + row;
                if (Statuses[i] != Status.Running)
                    advantage = 0;
                var error = Rewards[i] + discount * NextValues[i] - Values[i];
                advantage = error + discount * decay * advantage;
                Advantages[i] = advantage;
                Returns[i] = advantage + Values[i];
            }
        }
    }
}

/// <summary>A random order, cut into equal parts.</summary>
internal static class Minibatches
{
    /// <summary>0, 1, …, each exactly once, in a random order.</summary>
    /// <remarks>Source: Fisher and Yates; Durstenfeld 1964.</remarks>
    internal static void Shuffle(Span<int> order, ref Rng rng)
    {
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        for (var i = order.Length - 1; i > 0; i--)
        {
            var j = rng.NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
    }

    /// <summary>Rows of a buffer, in a given order.</summary>
    internal static void Gather(ReadOnlySpan<float> from, ReadOnlySpan<int> rows, int width, Span<float> to)
    {
        if (width == 1)
        {
            for (var i = 0; i < rows.Length; i++)
                to[i] = from[rows[i]];
            return;
        }
        for (var i = 0; i < rows.Length; i++)
            from.Slice(rows[i] * width, width).CopyTo(to.Slice(i * width, width));
    }

    /// <summary>(x − mean)/(deviation + 1e-8), the deviation that of a sample.</summary>
    internal static void Standardise(Span<float> numbers)
    {
        var mean = 0.0;
        foreach (var x in numbers)
            mean += x;
        mean /= numbers.Length;
        var squares = 0.0;
        foreach (var x in numbers)
            squares += (x - mean) * (x - mean);
        var scale = 1 / (Math.Sqrt(squares / Math.Max(1, numbers.Length - 1)) + 1e-8);
        foreach (ref var x in numbers)
            x = (float)((x - mean) * scale);
    }
}
