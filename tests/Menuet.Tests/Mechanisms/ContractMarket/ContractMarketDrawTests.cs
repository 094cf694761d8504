using System.Text;
using Menuet.Mechanisms.ContractMarket;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.ContractMarket;

public sealed class ContractMarketDrawTests
{
    [Fact]
    public void ASeed_MeansTheSameForEver()
    {
        var market = ContractMarketDraw.Draw(12, 20, 10, 1);
        Assert.Equal([17, 12, 24, 20], market.Operators.Take(4).Select(one => one.GpuInstances));
        Assert.Equal(Solving.CatalogMarket("zhan/drawn-12x20").TrimEnd(), Encoding.UTF8.GetString(ContractMarketDraw.Document(12, 20, 10, 1)).TrimEnd());
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(10)]
    [InlineData(1e6)]
    public void Shares_AreDirichlet(double concentration)
    {
        const int Types = 8, Draws = 4000;
        var (sum, squares) = (0.0, 0.0);
        for (ulong seed = 0; seed < Draws; seed++)
        {
            var shares = ContractMarketDraw.Draw(1, Types, concentration, seed).Population!.Shares;
            Assert.Equal(1, shares.Sum(), 12);
            sum += shares[3];
            squares += shares[3] * shares[3];
        }

        // Mean 1/N; variance (N − 1)/N² / (a + 1).
        var (mean, variance) = (1.0 / Types, (Types - 1.0) / (Types * Types) / (concentration + 1));
        var deviation = Math.Sqrt(variance / Draws);
        Assert.InRange((sum / Draws) - mean, -4 * deviation, 4 * deviation);
        Assert.InRange((squares / Draws) - (mean * mean), 0.85 * variance - (0.02 * mean * deviation), 1.15 * variance + (8 * mean * deviation));
    }

    [Fact]
    public void DrawnDocuments_AreValid_AndSolved()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            var report = Solving.Solve(Encoding.UTF8.GetString(ContractMarketDraw.Document(1 + ((int)seed % 5), 1 + ((int)seed % 9), 10, seed)));
            Assert.Equal(0, report.ExitCode);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => ContractMarketDraw.Draw(0, 1, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ContractMarketDraw.Draw(1, 1, double.NaN, 0));
    }
}
