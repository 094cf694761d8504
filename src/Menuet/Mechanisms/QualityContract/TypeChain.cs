using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// The types in the order in which qualities may rise: groups of equal gain, ascending; within a group its members, which are
/// types of equal costs merged into one.
/// </summary>
internal sealed class TypeChain
{
    private TypeChain(int types, bool commonCosts)
    {
        MemberOf = new int[types];
        CommonCosts = commonCosts;
        Gain = new double[types];
        Probability = new double[types];
        FirstMember = new int[types + 1];
    }

    /// <summary>Number of groups.</summary>
    internal int Groups { get; private set; }

    /// <summary>Number of members of all groups.</summary>
    internal int Members { get; private set; }

    /// <summary>True when all types have the same costs; then every group has one member.</summary>
    internal bool CommonCosts { get; }

    /// <summary>True when no type has a negative cost.</summary>
    internal bool CostsNonNegative { get; private set; }

    /// <summary>θ of each group, ascending.</summary>
    internal double[] Gain { get; }

    /// <summary>Probability of each group.</summary>
    internal double[] Probability { get; }

    /// <summary>Probability of all groups above each.</summary>
    internal double[] Above { get; private set; } = [];

    /// <summary>Members of group g: from <c>FirstMember[g]</c> to before <c>FirstMember[g + 1]</c>.</summary>
    internal int[] FirstMember { get; }

    /// <summary>Probability of each member.</summary>
    internal double[] MemberProbability { get; private set; } = [];

    /// <summary>σ_1 of each member; of length 1 with common costs.</summary>
    internal double[] CostPerLevel { get; private set; } = [];

    /// <summary>σ_2 of each member; of length 1 with common costs.</summary>
    internal double[] CostPerStep { get; private set; } = [];

    /// <summary>The member that stands for each type of the market.</summary>
    internal int[] MemberOf { get; }

    /// <summary>Probability of a group and all above it.</summary>
    internal double AtLeast(int group) => Probability[group] + Above[group];

    /// <summary>The provider's cost of an item for a member, money.</summary>
    internal double Cost(int member, double level, double steps)
    {
        var index = CommonCosts ? 0 : member;
        return (CostPerLevel[index] * level) + (CostPerStep[index] * steps);
    }

    internal static TypeChain Of(QualityMarket market)
    {
        var types = market.Types.AsSpan();
        var (common, nonNegative) = (true, true);
        var gains = new double[types.Length];
        for (var i = 0; i < types.Length; i++)
        {
            gains[i] = types[i].Gain;
            common &= types[i].CostPerLevel == types[0].CostPerLevel && types[i].CostPerStep == types[0].CostPerStep;
            nonNegative &= types[i].CostPerLevel >= 0 && types[i].CostPerStep >= 0;
        }

        var order = Ascending(gains);
        var chain = new TypeChain(types.Length, common) { CostsNonNegative = nonNegative };
        if (common)
        {
            chain.MergeEqualGains(types, gains, order);
        }
        else
        {
            chain.GroupEqualGains(market.Types, gains, order);
        }

        chain.SumAbove();
        return chain;
    }

    /// <summary>Sorts the keys; returns where each came from. Equal keys keep their order.</summary>
    private static int[] Ascending(double[] keys)
    {
        var order = new int[keys.Length];
        var sorted = true;
        for (var i = 0; i < keys.Length; i++)
        {
            order[i] = i;
            sorted &= i == 0 || keys[i - 1] <= keys[i];
        }

        if (sorted)
        {
            return order;
        }

        Array.Sort(keys, order);
        for (var start = 0; start < keys.Length;)
        {
            var end = start + 1;
            while (end < keys.Length && keys[end] == keys[start])
            {
                end++;
            }

            if (end - start > 1)
            {
                Array.Sort(order, start, end - start);
            }

            start = end;
        }

        return order;
    }

    private void MergeEqualGains(ReadOnlySpan<QualityType> types, double[] gains, int[] order)
    {
        var group = -1;
        for (var i = 0; i < order.Length; i++)
        {
            if (i == 0 || gains[i] != gains[i - 1])
            {
                group++;
                Gain[group] = gains[i];
                FirstMember[group] = group;
            }

            Probability[group] += types[order[i]].Probability;
            MemberOf[order[i]] = group;
        }

        Groups = Members = group + 1;
        FirstMember[Groups] = Members;
        MemberProbability = Probability;
        CostPerLevel = [types[0].CostPerLevel];
        CostPerStep = [types[0].CostPerStep];
    }

    private void GroupEqualGains(ImmutableArray<QualityType> types, double[] gains, int[] order)
    {
        MemberProbability = new double[order.Length];
        CostPerLevel = new double[order.Length];
        CostPerStep = new double[order.Length];
        var byCosts = Comparer<int>.Create((a, b) => CompareCosts(types[a], types[b], a, b));
        for (var start = 0; start < order.Length; Groups++)
        {
            var end = start + 1;
            while (end < order.Length && gains[end] == gains[start])
            {
                end++;
            }

            if (end - start > 1)
            {
                Array.Sort(order, start, end - start, byCosts);
            }

            Gain[Groups] = gains[start];
            FirstMember[Groups] = Members;
            for (; start < end; start++)
            {
                var type = types[order[start]];
                var merges = Members > FirstMember[Groups]
                    && CostPerLevel[Members - 1] == type.CostPerLevel && CostPerStep[Members - 1] == type.CostPerStep;
                if (!merges)
                {
                    CostPerLevel[Members] = type.CostPerLevel;
                    CostPerStep[Members] = type.CostPerStep;
                    Members++;
                }

                MemberProbability[Members - 1] += type.Probability;
                Probability[Groups] += type.Probability;
                MemberOf[order[start]] = Members - 1;
            }
        }

        FirstMember[Groups] = Members;
    }

    private static int CompareCosts(in QualityType a, in QualityType b, int indexA, int indexB)
    {
        var byLevel = a.CostPerLevel.CompareTo(b.CostPerLevel);
        var bySteps = byLevel != 0 ? byLevel : a.CostPerStep.CompareTo(b.CostPerStep);
        return bySteps != 0 ? bySteps : indexA.CompareTo(indexB);
    }

    private void SumAbove()
    {
        Above = new double[Groups];
        var sum = new CompensatedSum();
        for (var group = Groups - 1; group >= 0; group--)
        {
            Above[group] = sum.Value;
            sum.Add(Probability[group]);
        }
    }
}
