#!/bin/bash
# The cluster policy and the two teams, as guides write them.
aws sagemaker \
    --region $AWS_REGION \
    create-cluster-scheduler-config \
    --name "example-cluster-scheduler-config" \
    --cluster-arn arn:aws:sagemaker:us-west-2:123456789012:cluster/2hd31rmi9mde \
    --scheduler-config "PriorityClasses=[{Name=inference,Weight=90},{Name=experimentation,Weight=80},{Name=fine-tuning,Weight=50},{Name=training,Weight=70}],FairShare=Enabled"

aws sagemaker \
    --region $AWS_REGION \
    create-compute-quota \
    --name "Team-A-Quota-Allocation" \
    --cluster-arn arn:aws:sagemaker:us-west-2:123456789012:cluster/2hd31rmi9mde \
    --compute-quota-config "ComputeQuotaResources=[{InstanceType=ml.g5.8xlarge,Count=1}],ResourceSharingConfig={Strategy=LendAndBorrow,BorrowLimit=100},PreemptTeamTasks=LowerPriority" \
    --activation-state "Enabled" \
    --compute-quota-target "TeamName=team-a,FairShareWeight=100"

aws sagemaker \
    --region $AWS_REGION \
    create-compute-quota \
    --name "Team-B-Quota-Allocation" \
    --cluster-arn arn:aws:sagemaker:us-west-2:123456789012:cluster/2hd31rmi9mde \
    --compute-quota-config "ComputeQuotaResources=[{InstanceType=ml.g5.8xlarge,Count=2}],ResourceSharingConfig={Strategy=LendAndBorrow,BorrowLimit=100},PreemptTeamTasks=LowerPriority" \
    --activation-state "Enabled" \
    --compute-quota-target "TeamName=team-b,FairShareWeight=100"
