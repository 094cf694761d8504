namespace Menuet.Tests.Core;

public sealed class InspectionTests
{
    [Fact]
    public void TheWorstSlackDecides()
    {
        var inspection = new Inspection(Claim.Feasibility, 0.1, "test");
        inspection.Check(1, "a");
        inspection.Check(-0.05, 2, 3, static (i, j) => $"b{i}{j}");
        Assert.True(inspection.Conclude().Holds);
        inspection.Check(-0.2, "c");
        var certificate = inspection.Conclude();
        Assert.False(certificate.Holds);
        Assert.Equal(new("c", -0.2), certificate.Worst);
        Assert.Equal(3, certificate.Checked);
        Assert.Equal("c", Assert.Single(certificate.Violations).Constraint);
    }

    [Fact]
    public void NaN_IsTheWorstViolation_WhateverFollows()
    {
        var inspection = new Inspection(Claim.Feasibility, 1, "test");
        inspection.Check(double.NaN, 0, 0, static (_, _) => "lost");
        inspection.Check(-1e9, "large");
        var certificate = inspection.Conclude();
        Assert.False(certificate.Holds);
        Assert.Equal("lost", certificate.Worst.Constraint);
    }

    [Fact]
    public void NothingToCheck_Holds()
    {
        var certificate = new Inspection(Claim.Feasibility, 0, "test").Conclude();
        Assert.True(certificate.Holds);
        Assert.Equal(0, certificate.Checked);
    }

    [Fact]
    public void TheWorstViolationsAreKept()
    {
        var inspection = new Inspection(Claim.Feasibility, 0, "test");
        for (var i = 0; i < 1000; i++)
        {
            inspection.Check(-(i * 7919 % 1000), i, i, static (first, _) => $"{first}");
        }

        var violations = inspection.Conclude().Violations;
        Assert.Equal(Inspection.KeptViolations, violations.Length);
        Assert.Equal(Enumerable.Range(0, Inspection.KeptViolations).Select(i => -(999.0 - i)), violations.Select(v => v.Value));
    }
}
