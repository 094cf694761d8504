namespace Menuet.Fitting.Tests;

public class QualityCsvTests
{
    private const string Good = "Steps,QUALITY\n1,1\n2,1.5\n3,1.7\n4,1.8\n";

    [Fact]
    public void Read_HeaderInAnyCaseAndOrder_IsUnderstood()
    {
        var points = Read("\ufeffQuality, note ,LEVEL,Steps\r\n# measured twice\r\n1.5,\"a, b\",0,4\r\n\r\n2.5,c,1,5e0\r\n3,,2,6\r\n4,,0,7\r\n5,,0,8\r\n6,,1,9\r\n7,,1,10\r\n", CurveModel.LogLinear);
        Assert.Equal(7, points.Length);
        Assert.Equal(new QualityPoint(0, 4, 1.5), points[0]);
        Assert.Equal(new QualityPoint(1, 5, 2.5), points[1]);
    }

    [Fact]
    public void Read_DeviationAndCount_BecomeWeights()
    {
        const string text = "steps,quality,deviation,count\n1,1,0.5,10\n2,2,0.1,1\n3,2.5,1,4\n4,2,2,1\n";
        Assert.Equal([40, 100, 4, 0.25], Read(text).Select(p => p.Weight), (x, y) => Math.Abs(x - y) < 1e-9);
        Assert.All(Read(text, weighted: false), p => Assert.Equal(1, p.Weight));
    }

    [Fact]
    public void Read_UnweightedFile_DoesNotLookAtDeviations() =>
        Assert.Equal(4, Read("steps,quality,deviation\n1,1,-\n2,2,0\n3,2,0\n4,1,\n", weighted: false).Length);

    [Theory]
    [InlineData("", "header")]
    [InlineData("steps\n1\n2\n", "header: the column quality is missing")]
    [InlineData("steps;quality\n1;2\n", "header: the column steps is missing|header: the column quality is missing")]
    [InlineData("steps,quality,steps\n1,2,3\n", "header: the column steps stands there more than once")]
    [InlineData("steps,quality\n1,a\n2,NaN\n3,Infinity\n-1,1\n5,\n6,1\n", "line 2: quality|line 3: quality|line 4: quality|line 5: steps|line 6: quality")]
    [InlineData("steps,quality\n\n# note\n1,1\n2,1e999\n", "line 5: quality")]
    [InlineData("steps,quality\n4,5,02\n5,5,10\n", "line 2: the row has not as many fields|line 3: the row has not as many fields")]
    [InlineData("steps,quality,deviation\n1,1,0\n2,2,1\n3,2,-1\n4,1,1\n", "line 2: deviation|line 4: deviation")]
    [InlineData("steps,quality\n1,\"1\n2,2\n", "line 2: the row has not as many|line 2: a quote")]
    [InlineData("steps,quality\n1,1\n", "points: the quadratic curve needs at least 4 points|points: |points: ")]
    [InlineData("steps,quality\n", "points: the quadratic|points: |points: |points: ")]
    public void Read_BadFile_IsRefusedWithEveryProblemAndItsLine(string text, string problems)
    {
        var error = Assert.Throws<InvalidRequestException>(() => Read(text));
        var found = error.Problems.Select(p => $"{p.Path}: {p.Message}").ToArray();
        var expected = problems.Split('|');
        if (text.Contains("\"1\n", StringComparison.Ordinal))
        {
            Assert.Contains(found, f => expected.Any(e => f.StartsWith(e, StringComparison.Ordinal)));
            return;
        }
        Assert.All(expected.Zip(found), p => Assert.StartsWith(p.First, p.Second, StringComparison.Ordinal));
        Assert.InRange(found.Length, expected.Length, text.Length < 20 ? 5 : expected.Length);
    }

    [Fact]
    public void Read_LogLinearWithoutLevels_NamesTheMissingColumn()
    {
        var error = Assert.Throws<InvalidRequestException>(() => Read(Good, CurveModel.LogLinear));
        Assert.Equal("the column level is missing; found: steps, quality", Assert.Single(error.Problems).Message);
    }

    private static System.Collections.Immutable.ImmutableArray<QualityPoint> Read(string text, CurveModel model = CurveModel.Quadratic, bool weighted = true)
    {
        using var reader = new StringReader(text);
        return QualityCsv.Read(reader, model, weighted);
    }
}
