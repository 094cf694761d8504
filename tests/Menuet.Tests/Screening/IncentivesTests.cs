using Menuet.Screening;

namespace Menuet.Tests.Screening;

public sealed class IncentivesTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ManyTypes_AreJudgedAsPairByPair(bool broken)
    {
        // Beyond the limit the envelope answers; the worst slack must be what all pairs give, found here one by one.
        for (ulong seed = 0; seed < 8; seed++)
        {
            var rng = Rng.Stream(seed, 5);
            var count = Incentives.PairByPair + 1 + rng.NextInt(300);
            var types = new double[count];
            var values = new double[count];
            var payments = new double[count];
            for (var i = 0; i < count; i++)
            {
                types[i] = rng.NextInt(4) == 0 && i > 0 ? types[i - 1] : (seed % 2 == 0 ? i : count - i) + rng.NextDouble();
                values[i] = Math.Sqrt(types[i]);
                payments[i] = Math.Pow(types[i], 1.5) / 3;
            }

            if (broken)
            {
                payments[rng.NextInt(count)] -= 1 + rng.NextDouble();
            }

            var inspection = new Inspection(Claim.IncentiveCompatibility, 1e-6, "test");
            Incentives.CheckAllPairs(inspection, types, values, payments, static (i, k) => $"{i},{k}");
            var certificate = inspection.Conclude();
            var worst = 0.0;
            for (var i = 0; i < count; i++)
            {
                for (var k = 0; k < count; k++)
                {
                    worst = Math.Min(worst, (types[i] * values[i]) - payments[i] - ((types[i] * values[k]) - payments[k]));
                }
            }

            Assert.Equal(!broken, certificate.Holds);
            Assert.Equal(worst, certificate.Worst.Value, 1e-9);
            Assert.Equal((long)count * (count - 1), certificate.Checked);
        }
    }
}
