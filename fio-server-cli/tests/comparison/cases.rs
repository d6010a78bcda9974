//! Jobs that make results say everything they can.

/// One comparison.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The job file.
    pub(super) job: &'static str,
    /// Flags that both programs know.
    pub(super) flags: &'static [&'static str],
}

/// Every format in one text.
const ALL: &[&str] = &["--output-format=normal,terse,json+"];

/// Which terse version, beside a version of JSON.
const TERSE_2: &[&str] = &["--output-format=terse,json", "--terse-version=2"];
const TERSE_4: &[&str] = &["--output-format=terse", "--terse-version=4"];
const TERSE_5: &[&str] = &["--output-format=normal,terse", "--terse-version=5"];

const fn all(name: &'static str, job: &'static str) -> Case {
    Case {
        name,
        job,
        flags: ALL,
    }
}

const fn with(name: &'static str, flags: &'static [&'static str], job: &'static str) -> Case {
    Case { name, job, flags }
}

/// Long enough for samples of bandwidth and IOPS.
const MIXED: &str = "[global]\nioengine=null\nsize=1g\ntime_based\nruntime=1\nbwavgtime=100\niopsavgtime=100\n\
                     [one]\nrw=randrw\ndescription=two words\n[two]\nrw=randtrim\n";

pub(super) const CASES: &[Case] = &[
    all("one job", "[a]\nioengine=null\nsize=4m\nrw=randread\n"),
    all("two jobs with samples", MIXED),
    with("terse 2 beside JSON", TERSE_2, MIXED),
    with("terse 4 alone", TERSE_4, MIXED),
    with("terse 5 beside text", TERSE_5, MIXED),
    all(
        "groups",
        "[global]\nioengine=null\nsize=4m\ngroup_reporting\nnumjobs=2\n[a]\nrw=read\n[b]\nrw=write\n\
         [c]\nnew_group\nrw=randrw\n[d]\nstonewall\nrw=trim\nnumjobs=1\n",
    ),
    all(
        "every direction",
        "[global]\nioengine=null\nsize=4m\n[a]\nrw=read\n[b]\nrw=write\n[c]\nrw=trim\n[d]\nrw=rw\n\
         [e]\nrw=randread\n[f]\nrw=randwrite\n[g]\nrw=randtrim\n[h]\nrw=randrw\n[i]\nrw=trimwrite\n",
    ),
    all(
        "mixed reporting",
        "[global]\nioengine=null\nsize=64g\ntime_based\nruntime=1\nbwavgtime=100\niopsavgtime=100\nrw=randrw\n\
         unified_rw_reporting=mixed\n[a]\n[b]\nlat_percentiles=1\nslat_percentiles=1\n",
    ),
    all(
        "reporting both ways",
        "[global]\nioengine=null\nsize=64g\ntime_based\nruntime=1\nbwavgtime=100\niopsavgtime=100\nrw=randrw\n\
         unified_rw_reporting=both\n[a]\n[b]\nrw=randtrim\n",
    ),
    with(
        "several ways of reporting in a group",
        &[],
        "[global]\nioengine=null\nsize=4m\nrw=randrw\n[m]\nunified_rw_reporting=mixed\n[b]\n\
         unified_rw_reporting=both\n[c]\nnew_group\nunified_rw_reporting=mixed\n[d]\n[e]\nnew_group\n[f]\n\
         unified_rw_reporting=both\n[g]\n",
    ),
    all(
        "mixed reporting in terse 2",
        "[a]\nioengine=null\nsize=4m\nrw=randrw\nunified_rw_reporting=1\n",
    ),
    all(
        "synchronisations of a file",
        "[w]\nioengine=psync\nsize=2m\nrw=randwrite\nfsync=16\nnumjobs=2\ngroup_reporting\n",
    ),
    all(
        "fdatasync and sync_file_range",
        "[w]\nioengine=psync\nsize=1m\nrw=write\nfdatasync=8\nsync_file_range=write:16\n",
    ),
    all(
        "percentiles of all kinds",
        "[a]\nioengine=libaio\niodepth=4\nsize=4m\nrw=randrw\nslat_percentiles=1\nclat_percentiles=1\n\
         lat_percentiles=1\n",
    ),
    all(
        "percentiles of total latency only",
        "[a]\nioengine=null\nsize=4m\nclat_percentiles=0\nlat_percentiles=1\n",
    ),
    all(
        "no percentiles",
        "[a]\nioengine=null\nsize=4m\nclat_percentiles=0\n",
    ),
    all(
        "a list of percentiles",
        "[a]\nioengine=null\nsize=4m\npercentile_list=50:90:99:99.9:99.999\n[b]\nioengine=null\nsize=4m\n\
         percentile_list=99\n[c]\nioengine=null\nsize=4m\npercentile_list=1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20\n",
    ),
    all(
        "latencies left out",
        "[global]\nioengine=null\nsize=4m\n[a]\ndisable_lat=1\n[b]\ndisable_clat=1\n[c]\ndisable_slat=1\n\
         [d]\ngtod_reduce=1\n[e]\ndisable_bw_measurement=1\n",
    ),
    all(
        "depths",
        "[global]\nioengine=libaio\nsize=8m\nrw=randread\nfilename=f\n[a]\niodepth=1\n[b]\nstonewall\niodepth=32\n\
         iodepth_batch=8\n[c]\nstonewall\niodepth=128\n",
    ),
    all(
        "a latency target",
        "[lt]\nioengine=null\nsize=1g\nrw=read\ntime_based\nruntime=2\nlatency_target=500us\nlatency_window=200ms\n\
         latency_percentile=99\nlatency_run=1\niodepth=8\n",
    ),
    all(
        "a steady state",
        "[ss]\nioengine=null\nsize=1g\nrw=read\ntime_based\nruntime=8\nrate_iops=1000\nsteadystate=iops:50%\n\
         steadystate_duration=3\nsteadystate_ramp_time=1\n",
    ),
    all(
        "a slope that is not steady",
        "[ss]\nioengine=null\nsize=1g\nrw=read\ntime_based\nruntime=3\nrate_iops=1000\n\
         steadystate=bw_slope:0.0001%\nsteadystate_duration=10\n",
    ),
    all(
        "priorities",
        "[p]\nioengine=libaio\nfilename=pf\nsize=4m\nrw=randread\ndirect=1\ncmdprio_percentage=30\ncmdprio=1\n\
         cmdprio_class=2\niodepth=4\n[q]\nioengine=libaio\nfilename=pf\nsize=4m\nrw=randread\ndirect=1\n\
         cmdprio_percentage=30\ncmdprio=1\ncmdprio_class=2\niodepth=4\nclat_percentiles=0\nlat_percentiles=1\n",
    ),
    all(
        "a file that is not there",
        "[bad]\nfilename=missing/x\nsize=1m\nallow_file_create=0\nrw=read\n",
    ),
    all(
        "errors a job goes on after",
        "[e]\nfilename=/dev/full\nsize=64k\nfilesize=64k\nrw=write\ncontinue_on_error=all\n",
    ),
    all(
        "an error that ends a job",
        "[e]\nfilename=/dev/full\nsize=64k\nrw=write\n",
    ),
    all(
        "decimal units and bits",
        "[global]\nioengine=null\nsize=64g\ntime_based\nruntime=1\nbwavgtime=100\niopsavgtime=100\n[a]\nkb_base=1000\n\
         [b]\nunit_base=1\n[c]\nsignificant_figures=2\n[d]\nunit_base=1\nkb_base=1000\nsignificant_figures=8\n",
    ),
    with(
        "text alone",
        &[],
        "[a]\nioengine=null\nsize=4m\nthread\n[b]\nioengine=null\nsize=4m\nnumjobs=3\n",
    ),
    with("JSON alone", &["--output-format=json"], MIXED),
    with(
        "a bandwidth that is idle",
        &["--output-format=json,normal", "--idle-prof=percpu"],
        "[a]\nsize=4m\nrw=randread\n",
    ),
    with(
        "idleness of the system",
        &["--idle-prof=system"],
        "[a]\nioengine=null\nsize=4m\n",
    ),
    with("minimal", &["--minimal"], MIXED),
    with("terse appended", &["--append-terse"], MIXED),
    all(
        "options in fio's order",
        "[global]\nfilename_format=$jobname\nuserspace_reap=0\nlockfile=none\nioengine=libaio\nkb_base=1024\nsize=4k\n[a]\n\
         filename=g\nrw=read\nunit_base=0\nhipri=0\nioengine=pvsync2\nbs=4k\ncpus_allowed=0\n\
         cpus_allowed_policy=shared\n",
    ),
    all(
        "files that are looked at",
        "[stat]\nioengine=filestat\nrw=read\nnrfiles=4\nsize=16k\nbs=4k\n",
    ),
    all(
        "the CPU",
        "[c]\nioengine=cpuio\ncpuload=10\ntime_based\nruntime=1\n",
    ),
];
