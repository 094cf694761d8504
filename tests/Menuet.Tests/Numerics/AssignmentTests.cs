using Menuet.Numerics;

namespace Menuet.Tests.Numerics;

public sealed class AssignmentTests
{
    [Fact]
    public void EveryPrefixOfRows_IsAssignedAtTheLeastCost()
    {
        for (ulong seed = 0; seed < 1500; seed++)
        {
            var random = Rng.Stream(seed, 9);
            var columns = 1 + random.NextInt(7);
            var rows = random.NextInt(Math.Min(columns, 6) + 1);
            var costs = Draw(ref random, rows, columns);
            var assignment = new Assignment(rows, columns);
            for (var i = 0; i < rows; i++)
            {
                assignment.Add(costs[i]);
                var least = Least(costs, i, 0, columns);
                Assert.True(Math.Abs(assignment.Cost - least) <= 1e-12 * (1 + Math.Abs(least)), $"seed {seed}, row {i}: {assignment.Cost} for {least}");
                Assert.True(Math.Abs(assignment.Bound - least) <= 1e-9 * (1 + Math.Abs(least)), $"seed {seed}, row {i}: bound {assignment.Bound} for {least}");
                Assert.Equal(i + 1, assignment.ColumnOf.ToArray().Distinct().Count());
            }
        }
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(101, 130)]
    public void LargeAssignments_MeetTheirOwnBound(int rows, int columns)
    {
        var random = Rng.Stream(1, 10);
        var costs = Draw(ref random, rows, columns);
        var assignment = new Assignment(rows, columns);
        foreach (var row in costs)
        {
            assignment.Add(row);
        }

        Assert.Equal(assignment.Cost, assignment.Bound, 1e-9);
        Assert.Equal(rows, assignment.ColumnOf.ToArray().Distinct().Count());
    }

    private static double[][] Draw(ref Rng random, int rows, int columns)
    {
        var (grid, scale) = (random.NextInt(2) == 0, random.NextInt(4) == 0 ? 1e6 : 1);
        var costs = new double[rows][];
        for (var i = 0; i < rows; i++)
        {
            costs[i] = new double[columns];
            for (var j = 0; j < columns; j++)
            {
                costs[i][j] = scale * (grid ? random.NextInt(5) - 1 : random.NextDouble() - 0.3);
            }
        }

        return costs;
    }

    private static double Least(double[][] costs, int row, int taken, int columns)
    {
        if (row < 0)
        {
            return 0;
        }

        var least = double.PositiveInfinity;
        for (var j = 0; j < columns; j++)
        {
            if ((taken >> j & 1) == 0)
            {
                least = Math.Min(least, costs[row][j] + Least(costs, row - 1, taken | (1 << j), columns));
            }
        }

        return least;
    }
}
