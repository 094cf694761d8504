using System.Buffers;
using Menuet.Numerics;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>
/// All types share deadline, work and costs: pooling acts on the virtual values w = N/q themselves, and a block's pace is (z w)^(1/3).
/// Equal types are one group, since one strictly concave profit has one best reduction.
/// </summary>
internal static class CommonValues
{
    /// <summary>The expected profit per user; the menu receives the decisions.</summary>
    internal static double Solve(LatencyMarket market, int[]? order, MenuBuilder menu)
    {
        var types = market.Terms.Types.AsSpan();
        var delivery = new Delivery(market.Terms.For(types[0], market.Level, market.Steps), market.Terms.Attempt, market.Terms.Attempts);
        var blocks = ArrayPool<Block>.Shared.Rent(types.Length);
        var (depth, lowest) = Pool(types, order, delivery, blocks, 0, market.Terms.AllowExclusion);
        if (lowest > 0)
        {
            (depth, _) = Pool(types, order, delivery, blocks, lowest, seek: false);
        }

        double profit = 0, payment = 0, below = 0;
        for (var b = depth - 1; b >= 0; b--)
        {
            ref readonly var block = ref blocks[b];
            var (reduction, cost, speeds) = delivery.At(delivery.PaceFor(block.Value));
            payment += types[order is null ? block.Start : order[block.Start]].Gain * (reduction - below);
            below = reduction;
            profit += block.Mass > 0 ? block.Mass * (payment - cost) : 0;
            menu.Serve(order, block.Start, b > 0 ? blocks[b - 1].Start : types.Length, speeds, payment);
        }

        ArrayPool<Block>.Shared.Return(blocks);
        return profit;
    }

    /// <summary>Pools the types from the top down to a given one.</summary>
    /// <param name="types">θ and q.</param>
    /// <param name="order">Types by θ; null: they stand in order.</param>
    /// <param name="delivery">Common to all.</param>
    /// <param name="blocks">Receives the blocks, highest first.</param>
    /// <param name="from">The first of the types, in order, to be served.</param>
    /// <param name="seek">Whether to find the best lowest type to serve.</param>
    /// <returns>How many blocks there are, and where it is best to begin; as many as there are types when nobody is worth serving.</returns>
    private static (int Depth, int Lowest) Pool(
        ReadOnlySpan<LatencyType> types, int[]? order, in Delivery delivery, Span<Block> blocks, int from, bool seek)
    {
        var depth = 0;
        var above = new CompensatedSum();
        double higher = 0, best = 0;
        var lowest = seek ? types.Length : from;
        for (var j = types.Length - 1; j >= from;)
        {
            var gain = types[order is null ? j : order[j]].Gain;
            double mass = 0;
            for (; j >= from && types[order is null ? j : order[j]].Gain == gain; j--)
            {
                mass += types[order is null ? j : order[j]].Probability;
            }

            // Above the highest type there is nobody to leave a rent to.
            var rent = above.Value > 0 ? above.Value * (higher - gain) : 0;
            var block = Block.Of(j + 1, mass, (mass * gain) - rent);
            for (; depth > 0 && blocks[depth - 1].Value <= block.Value; depth--)
            {
                block = Block.Of(j + 1, block.Mass + blocks[depth - 1].Mass, block.Surplus + blocks[depth - 1].Surplus);
            }

            if (seek)
            {
                block.Total = (depth > 0 ? blocks[depth - 1].Total : 0) + Profit(delivery, block);
                if (block.Total > best)
                {
                    (best, lowest) = (block.Total, j + 1);
                }
            }

            blocks[depth++] = block;
            above.Add(mass);
            higher = gain;
        }

        return (depth, lowest);
    }

    /// <summary>N E − q C of a block at its best.</summary>
    private static double Profit(in Delivery delivery, in Block block)
    {
        var (reduction, cost, _) = delivery.At(delivery.PaceFor(block.Value));
        return (block.Surplus * reduction) - (block.Mass > 0 ? block.Mass * cost : 0);
    }

    /// <summary>Types that get one item: from <see cref="Start"/> up to the start of the next block above.</summary>
    private struct Block
    {
        internal int Start;

        /// <summary>Σ q.</summary>
        internal double Mass;

        /// <summary>Σ N.</summary>
        internal double Surplus;

        /// <summary>w = Σ N / Σ q; −∞ without mass, where nothing is gained by a reduction.</summary>
        internal double Value;

        /// <summary>Profit from here up.</summary>
        internal double Total;

        internal static Block Of(int start, double mass, double surplus) =>
            new() { Start = start, Mass = mass, Surplus = surplus, Value = mass > 0 ? surplus / mass : double.NegativeInfinity };
    }
}
