using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>An item, or none, for every member of a <see cref="TypeChain"/>.</summary>
internal sealed class Allocation(int members)
{
    /// <summary>Prompt level; 0 when not served.</summary>
    internal int[] Levels { get; } = new int[members];

    /// <summary>Denoising steps; 0 when not served.</summary>
    internal int[] Steps { get; } = new int[members];

    /// <summary>Quality; 0 when not served.</summary>
    internal double[] Quality { get; } = new double[members];

    /// <summary>True for members with an item.</summary>
    internal bool[] Served { get; } = new bool[members];

    /// <summary>From qualities (indices into the grid, −1: none) to items.</summary>
    internal static Allocation Of(TypeChain chain, ItemGrid grid, ReadOnlySpan<int> choice)
    {
        var allocation = new Allocation(chain.Members);
        int quality = -1, cheapest = -1;
        for (var member = 0; member < choice.Length; member++)
        {
            if (choice[member] < 0)
            {
                if (grid.FreeItem(chain, member) is { } free)
                {
                    allocation.Set(member, free.Level, free.Steps, 0);
                }

                continue;
            }

            if (choice[member] != quality || !(chain.CommonCosts || grid.OneItemEach))
            {
                quality = choice[member];
                cheapest = grid.Cheapest(chain, quality, member);
            }

            allocation.Set(member, (int)grid.Levels[cheapest], (int)grid.Steps[cheapest], grid.Quality[quality]);
        }

        return allocation;
    }

    internal void Set(int member, int level, int steps, double quality)
    {
        Levels[member] = level;
        Steps[member] = steps;
        Quality[member] = quality;
        Served[member] = true;
    }

    /// <summary>The outcome with given payments per member.</summary>
    internal QualityOutcome Outcome(TypeChain chain, ReadOnlySpan<double> payments)
    {
        var count = chain.MemberOf.Length;
        var levels = new int[count];
        var steps = new int[count];
        var paid = new double[count];
        var excluded = new bool[count];
        for (var type = 0; type < count; type++)
        {
            var member = chain.MemberOf[type];
            levels[type] = Levels[member];
            steps[type] = Steps[member];
            paid[type] = payments[member];
            excluded[type] = !Served[member];
        }

        return new(
            ImmutableCollectionsMarshal.AsImmutableArray(levels), ImmutableCollectionsMarshal.AsImmutableArray(steps),
            ImmutableCollectionsMarshal.AsImmutableArray(paid), ImmutableCollectionsMarshal.AsImmutableArray(excluded));
    }
}
