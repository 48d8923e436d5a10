#!/bin/bash
# What should not be done.
aws sagemaker create-cluster --cluster-name c --orchestrator Type=EKS
aws sagemaker update-kubeconfig --cluster-name c
EXISTS=$(aws sagemaker list-compute-quotas --query "ComputeQuotaSummaries[?ComputeQuotaName=='a'].ComputeQuotaId")
aws sagemaker create-cluster-scheduler-config --name p --cluster-arn "$ARN" \
    --scheduler-config "PriorityClasses=[{Name=training-priority,Weight=101}]"
aws sagemaker create-compute-quota --name a --cluster-arn "$ARN" \
    --compute-quota-config "ComputeQuotaResources=[{InstanceType=g5.8xlarge,Count=1}],ResourceSharingConfig={Strategy=Borrow}" \
    --compute-quota-target "TeamName=Team_A"
aws sagemaker create-compute-quota --name b --cluster-arn "$ARN" \
    --compute-quota-config "ComputeQuotaResources=[{InstanceType=ml.p5.48xlarge,Accelerators=4}],ResourceSharingConfig={Strategy=DontLend,BorrowLimit=50}" \
    --compute-quota-target "TeamName=team-b"
